"""A terminal for tests: runs a program on a pseudo-terminal, as the leader of a session of its own.

Arguments: columns, rows, program... Standard input has a JSON object a line: {"write": text}, {"resize": [columns, rows]},
{"modes": true}, {"hangup": true}. Standard output has one a line: {"output": base64}, {"modes": {...}}, {"exit": status},
where a status below zero is a signal. Ends with the program, which is killed when standard input ends.
"""

import base64
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import threading


def tell(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def modes(fd):
    local, output = termios.tcgetattr(fd)[3], termios.tcgetattr(fd)[1]
    flags = {"icanon": termios.ICANON, "echo": termios.ECHO, "isig": termios.ISIG, "iexten": termios.IEXTEN}
    return {name: bool(local & flag) for name, flag in flags.items()} | {"opost": bool(output & termios.OPOST)}


def main():
    master, slave = os.openpty()
    set_size(slave, int(sys.argv[1]), int(sys.argv[2]))
    child = subprocess.Popen(
        sys.argv[3:],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    tell({"started": child.pid})
    # Wakes the loop when the program has ended. This end of the terminal stays open, so that its modes can be read then.
    ended, has_ended = os.pipe()
    threading.Thread(target=lambda: (child.wait(), os.close(has_ended)), daemon=True).start()
    rest = b""
    while True:
        ready, _, _ = select.select([0, ended] + ([master] if master >= 0 else []), [], [])
        if master in ready:
            tell({"output": base64.b64encode(os.read(master, 65536)).decode()})
            continue
        if 0 in ready:
            octets = os.read(0, 65536)
            if octets == b"":
                os.killpg(child.pid, signal.SIGKILL)
                break
            *lines, rest = (rest + octets).split(b"\n")
            for command in map(json.loads, lines):
                if "write" in command:
                    os.write(master, command["write"].encode())
                if "resize" in command:
                    set_size(master, *command["resize"])
                if "modes" in command:
                    tell({"modes": modes(master)})
                if "hangup" in command:
                    os.close(master)
                    master = -1
        elif ended in ready:
            # All that it wrote has been read; a shell's children may go on.
            if master >= 0:
                tell({"modes": modes(master)})
            break
    tell({"exit": child.wait()})


main()

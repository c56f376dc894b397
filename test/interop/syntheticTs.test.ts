import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { serviceOf } from '../../src/wire/descriptors.js';
import { tsPid } from '../../src/wire/mpegts.js';
import { readPat, readPmt } from '../../src/wire/psi.js';
import { SectionAssembler } from '../../src/wire/section.js';
import { readSdt } from '../../src/wire/serviceInformation.js';
import { codecOf } from '../../src/wire/streamTypes.js';
import { needs } from '../require.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { inFolder, output } from './captures.js';

interface Probed {
  readonly programs: readonly {
    readonly program_num: number;
    readonly pmt_pid: number;
    readonly pcr_pid: number;
    readonly tags: Readonly<Record<string, string>>;
    readonly streams: readonly {
      readonly id: string;
      readonly codec_name: string;
      readonly tags?: Readonly<Record<string, string>>;
    }[];
  }[];
}

describe.runIf(needs('ffprobe'))('ffprobe', () => {
  it('finds the programs of a synthetic stream, their names, PIDs and languages', async () => {
    await inFolder((folder) => {
      const file = join(folder, 'synthetic.ts');
      const programs = [{}, { name: 'Zwölf', provider: 'Ärger & Söhne', language: 'deu', pcrPid: 0x1ff }];
      writeFileSync(file, makeTransportStream({ seconds: 3, programs }));
      const text = output('ffprobe', '-v', 'quiet', '-of', 'json', '-show_programs', file);
      const found = (JSON.parse(text) as Probed).programs.map((program) => ({
        number: program.program_num,
        pmtPid: program.pmt_pid,
        pcrPid: program.pcr_pid,
        name: program.tags['service_name'],
        provider: program.tags['service_provider'],
        streams: program.streams.map(({ id, codec_name: codec, tags }) => [Number(id), codec, tags?.['language']]),
      }));
      expect(found).toEqual([
        {
          number: 1,
          pmtPid: 0x1000,
          pcrPid: 0x100,
          name: 'Program 1',
          provider: 'mcastkit',
          streams: [
            [0x100, 'h264', undefined],
            [0x101, 'mp2', 'eng'],
          ],
        },
        {
          number: 2,
          pmtPid: 0x1001,
          pcrPid: 0x1ff,
          name: 'Zwölf',
          provider: 'Ärger & Söhne',
          streams: [
            [0x110, 'h264', undefined],
            [0x111, 'mp2', 'deu'],
          ],
        },
      ]);
      return Promise.resolve();
    });
  });
});

/** The first section on a PID that `read` takes. */
function firstOf<T extends object>(
  stream: Uint8Array,
  pid: number,
  read: (bytes: Uint8Array, at: number, length: number) => T | number,
): T {
  const assembler = new SectionAssembler();
  for (let at = 0; at < stream.length; at += 188) {
    if (tsPid(stream, at) !== pid) continue;
    assembler.add(stream, at);
    while (assembler.next()) {
      const table = read(assembler.bytes, assembler.sectionAt, assembler.sectionOctets);
      if (typeof table === 'object') return table;
    }
  }
  throw new Error(`nothing on PID ${pid}`);
}

describe.runIf(needs('ffmpeg'))('the tables of a stream that ffmpeg makes', () => {
  it('are read', async () => {
    await inFolder((folder) => {
      const file = join(folder, 'made.ts');
      const options =
        '-v error -f lavfi -i testsrc=size=64x64:rate=25 -f lavfi -i sine -map 0 -map 1 -map 1 -t 0.5 -c:v mpeg2video ' +
        '-c:a:0 aac -c:a:1 ac3 -metadata:s:a:0 language=swe -metadata:s:a:1 language=deu -metadata service_name=Zwölf ' +
        '-metadata service_provider=Söhne -mpegts_service_id 77 -mpegts_pmt_start_pid 480 -mpegts_start_pid 1000 -f mpegts';
      output('ffmpeg', ...options.split(' '), file);
      const stream = readFileSync(file);
      expect(firstOf(stream, 0, readPat)).toMatchObject({ programs: [{ programNumber: 77, pmtPid: 480 }] });
      const pmt = firstOf(stream, 480, readPmt);
      expect([pmt.extension, pmt.pcrPid]).toEqual([77, 1000]);
      expect(pmt.streams.map(({ pid, streamType, descriptors }) => [pid, codecOf(streamType, descriptors)])).toEqual([
        [1000, { kind: 'video', name: 'MPEG-2 video', language: null }],
        [1001, { kind: 'audio', name: 'AAC (ADTS)', language: 'swe' }],
        [1002, { kind: 'audio', name: 'AC-3', language: 'deu' }],
      ]);
      const [service] = firstOf(stream, 0x11, readSdt).services;
      expect(service).toMatchObject({ serviceId: 77, isScrambled: false, runningStatus: 4 });
      expect(serviceOf(service!.descriptors)).toMatchObject({ name: 'Zwölf', provider: 'Söhne' });
      return Promise.resolve();
    });
  });
});

/** Passphrases stand in addresses, as `srt://host:port/passphrase=...`: what may be shown of such texts. */

/** What comes before one: `/passphrase=`, `?password=`. A file that holds one is no secret. */
const NAME = /[/?&]pass(?!(?:phrase)?[-_]?file=)[a-z_-]*=/i;
const MARK = '***';
/** Shorter ones are not looked for by themselves: they may stand for anything. An SRT passphrase has so many characters. */
const SHORTEST = 10;

/** An address, cut off behind the first word that could hold a secret. */
export function withoutSecret(address: string): string {
  const name = NAME.exec(address);
  return name === null ? address : `${address.slice(0, name.index + name[0].length)}${MARK}`;
}

/** A value of options as a result tells it: {@link withoutSecret} of each text in it. */
export function valueWithoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecret(value);
  if (Array.isArray(value)) return value.map(valueWithoutSecrets);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, valueWithoutSecrets(part)]));
}

/** A message that may quote any of `words`, those of a command line, or parts of them. */
export function messageWithoutSecrets(message: string, words: readonly string[]): string {
  let text = message;
  for (const word of words) {
    const name = NAME.exec(word);
    if (name === null) continue;
    const from = name.index + name[0].length;
    const secret = word.slice(from);
    if (secret === '') continue;
    text = text.replaceAll(name[0] + secret, name[0] + MARK);
    if (secret.length >= SHORTEST) text = text.replaceAll(secret, MARK);
    // A part of it that was taken for something else.
    text = text.replaceAll(/"([^"]{4,})"/g, (whole, part: string) => (secret.includes(part) ? `"${MARK}"` : whole));
  }
  // What a file or another program brought.
  return text.replaceAll(/([/?&]pass(?!(?:phrase)?[-_]?file=)[a-z_-]*=)(?!\*{3})[^\s"'&]+/gi, `$1${MARK}`);
}

/** Build step: writes the manual page into `man` beside the package's own files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { manPage } from './manPage.js';

const root = new URL('../../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
mkdirSync(new URL('man/', root), { recursive: true });
writeFileSync(new URL('man/mcast.1', root), manPage(version));

import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileError } from './fileError.js';

/** Whether {@link replaceFile} will be able to, as far as can be known before; leaves nothing. Throws ERR_FILE. */
export function checkReplaceable(path: string): void {
  guarded(path, () => {
    const place = placeOf(path);
    if (place === null) {
      accessSync(path, constants.W_OK);
      return;
    }
    if (place.mode !== null) accessSync(place.path, constants.W_OK);
    closeSync(openSync(place.besides, 'wx'));
    unlinkSync(place.besides);
  });
}

/**
 * The whole text or none of it: it is written beside the path and takes its place when it is complete. What is no regular
 * file, as a pipe or a device, is written to. Throws ERR_FILE.
 */
export function replaceFile(path: string, text: string): void {
  guarded(path, () => {
    const place = placeOf(path);
    if (place === null) writeFileSync(path, text);
    else replace(place, text);
  });
}

interface Place {
  /** Behind all symbolic links. */
  readonly path: string;
  /** Where the text is until it is complete. */
  readonly besides: string;
  /** Of the file that will be replaced; `null`: there is none. */
  readonly mode: number | null;
}

/** `null`: it is there and no regular file, or a symbolic link to nothing. */
function placeOf(path: string): Place | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return isLink(path) ? null : place(path, null);
  if (found.isDirectory()) openSync(path, 'w');
  return found.isFile() ? place(realpathSync(path), found.mode) : null;
}

function place(path: string, mode: number | null): Place {
  return { path, besides: join(dirname(path), `.${basename(path)}.${process.pid}.tmp`), mode };
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function replace({ path, besides, mode }: Place, text: string): void {
  let isLeft = false;
  try {
    writeFileSync(besides, text, { flag: 'wx' });
    isLeft = true;
    if (mode !== null) chmodSync(besides, mode & 0o777);
    renameSync(besides, path);
    isLeft = false;
  } finally {
    if (isLeft) unlinkSync(besides);
  }
}

function guarded(path: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw fileError(path, 'written', error);
  }
}

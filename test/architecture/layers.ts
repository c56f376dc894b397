export type Ring = 'pure' | 'shell' | 'command';

export interface Layer {
  readonly name: string;
  readonly mayImport: readonly string[];
  readonly ring: Ring;
}

function layer(name: string, ring: Ring, mayImport = ''): Layer {
  return { name, ring, mayImport: mayImport === '' ? [] : mayImport.split(' ') };
}

/** The layers, innermost first: the folders of `src`. `docs/architecture.md` shows the same table. */
export const LAYERS: readonly Layer[] = [
  layer('core', 'pure'),
  layer('wire', 'pure', 'core'),
  layer('metrics', 'pure', 'core'),
  layer('result', 'pure', 'core metrics'),
  layer('impair', 'pure', 'core'),
  layer('feed', 'pure', 'core wire'),
  layer('profile', 'pure', 'core wire metrics result impair feed'),
  layer('pacing', 'pure', 'core'),
  layer('repair', 'pure', 'core wire'),
  layer('control', 'pure', 'core wire metrics'),
  layer('analysis', 'pure', 'core wire metrics'),
  layer('diagnosis', 'pure', 'core result'),
  layer('report', 'pure', 'core metrics result'),
  layer('native', 'shell'),
  layer('io', 'shell', 'core wire native'),
  layer(
    'runtime',
    'shell',
    'core wire metrics result profile impair feed pacing repair control analysis diagnosis native io',
  ),
  layer('dashboard', 'shell', 'core metrics result report runtime'),
  layer(
    'cli',
    'command',
    'core wire metrics result profile impair feed pacing repair control analysis diagnosis report native io runtime dashboard',
  ),
];

/** Packages that a layer may import; a layer that is not named imports none. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  core: ['ipaddr.js'],
  result: ['zod'],
  profile: ['yaml', 'zod'],
  io: ['ipaddr.js'],
  cli: ['commander', 'picocolors'],
};

/** Programs of the build, which may read and write files wherever they stand; nothing imports them. */
export const BUILD_STEPS: readonly string[] = [
  'result/emitSchema.ts',
  'profile/emitSchema.ts',
  'cli/emitManPage.ts',
  'native/build.mjs',
  'cli/bundle.mjs',
];

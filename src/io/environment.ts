import { existsSync, readFileSync } from 'node:fs';

/** What tells of a host what it runs in. `null`: not readable. */
export interface EnvironmentSigns {
  /** /proc/sys/kernel/osrelease. */
  readonly kernelRelease: string | null;
  /** Files that container engines make: which of them there are. */
  readonly markers: readonly string[];
  /** /run/systemd/container, or the variable `container` of the first process. */
  readonly containerName: string | null;
  /** /proc/1/cgroup. */
  readonly cgroup: string | null;
  /** /sys/class/dmi/id/..., by name. */
  readonly firmware: Readonly<Record<string, string | null>>;
}

export interface Environment {
  readonly container: string | null;
  readonly wsl: 1 | 2 | null;
  readonly cloud: string | null;
}

const MARKERS: Readonly<Record<string, string>> = {
  '/.dockerenv': 'docker',
  '/run/.containerenv': 'podman',
  '/var/run/secrets/kubernetes.io': 'kubernetes',
};
const FIRMWARE = ['sys_vendor', 'product_name', 'bios_vendor', 'bios_version', 'chassis_asset_tag'] as const;

/** What Azure's machines are told from other Hyper-V guests by. */
const AZURE_ASSET_TAG = '7783-7084-3265-9085-8269-3286-77';

export function readEnvironmentSigns(): EnvironmentSigns {
  return {
    kernelRelease: read('/proc/sys/kernel/osrelease'),
    markers: Object.keys(MARKERS).filter((file) => existsSync(file)),
    containerName: read('/run/systemd/container'),
    cgroup: read('/proc/1/cgroup'),
    firmware: Object.fromEntries(FIRMWARE.map((name) => [name, read(`/sys/class/dmi/id/${name}`)])),
  };
}

export function judgeEnvironment({
  kernelRelease,
  markers,
  containerName,
  cgroup,
  firmware,
}: EnvironmentSigns): Environment {
  const byGroup = /(docker|kubepods|libpod|lxc|containerd)/.exec(cgroup ?? '')?.[1];
  const named = containerName === null || containerName === '' ? null : containerName;
  return {
    container: named ?? (markers[0] === undefined ? null : MARKERS[markers[0]]!) ?? byGroup ?? null,
    // Microsoft's kernel of WSL 2 has a name of its own; WSL 1 answers in the name of Windows.
    wsl: !/microsoft/i.test(kernelRelease ?? '') ? null : /wsl2|microsoft-standard/i.test(kernelRelease!) ? 2 : 1,
    cloud: cloudOf(firmware),
  };
}

function cloudOf(firmware: EnvironmentSigns['firmware']): string | null {
  const text = FIRMWARE.map((name) => firmware[name] ?? '').join('\n');
  if (/amazon/i.test(text)) return 'Amazon EC2';
  if (/google compute engine|^google$/im.test(text)) return 'Google Cloud';
  if (text.includes(AZURE_ASSET_TAG)) return 'Microsoft Azure';
  if (/oraclecloud/i.test(text)) return 'Oracle Cloud';
  if (/digitalocean/i.test(text)) return 'DigitalOcean';
  if (/alibaba cloud/i.test(text)) return 'Alibaba Cloud';
  return /hetzner/i.test(text) ? 'Hetzner Cloud' : null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}

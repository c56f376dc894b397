import { known, unknown, type Fact } from '../diagnosis/fact.js';
import type { HostFacts } from '../diagnosis/facts.js';
import { listedRulesets } from '../diagnosis/listedRulesets.js';
import type { Ruleset } from '../diagnosis/packetFilter.js';
import { nativeFailure, type NativeAddon } from '../io/addon.js';
import { kernelSync } from '../io/clocks.js';
import { judgeEnvironment, readEnvironmentSigns } from '../io/environment.js';
import { readFilterTexts } from '../io/packetFilterText.js';
import { readGovernors, readProcessorTime, stealShare, type ProcessorTime } from '../io/processors.js';

/** What holds for the whole host. `before`: time of its processors when the look began. */
export async function readHostFacts(addon: NativeAddon | null, before: ProcessorTime | null): Promise<HostFacts> {
  const isLinux = process.platform === 'linux';
  const sync = kernelSync(addon);
  const now = readProcessorTime();
  return {
    packetFilter: isLinux ? await readPacketFilter() : unknown('packet filters are read on Linux only'),
    clock:
      sync === null
        ? unknown(addon === null ? nativeFailure() : 'adjtimex cannot be read')
        : known({ synchronised: sync.synchronised, maximumErrorNs: sync.maximumErrorNs }, 'adjtimex'),
    processors:
      now === null
        ? unknown('/proc/stat cannot be read')
        : known(
            {
              governors: readGovernors(),
              stealSinceBoot: stealShare({ total: 0, steal: 0 }, now),
              stealNow: stealShare(before, now),
            },
            '/proc/stat',
          ),
    environment: isLinux
      ? known(judgeEnvironment(readEnvironmentSigns()), '/proc, /sys')
      : unknown('looked for on Linux only'),
  };
}

async function readPacketFilter(): Promise<Fact<Ruleset>> {
  const { texts, failures, wantsRoot } = await readFilterTexts(process.env);
  if (texts.length === 0) return unknown(failures.join('; '), wantsRoot);
  const rules = listedRulesets(texts);
  if (rules === null) return unknown([...failures, 'nft: it does not write JSON'].join('; '), wantsRoot);
  return known(rules, texts.map(({ program }) => program).join(', '));
}

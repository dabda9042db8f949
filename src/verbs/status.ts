import { drSyncer } from '../common/command-line.ts';
import { readStatus } from '../status/read-status.ts';
import type { StatusResult } from '../status/status-types.ts';
import type { ClusterPair } from './cluster-pair.ts';
import type { Runtime } from './runtime.ts';

/**
 * Opens the two sides and returns the look at them, which can be taken again and again: where the application lives, and
 * what to type next. A look throws UsageError when the namespace exists on neither side.
 */
export const status = (
  pair: ClusterPair,
  { operator, process, signal }: Runtime,
): (() => Promise<StatusResult>) => {
  const dest = pair.openDest();
  const source = pair.isSourceNamed ? pair.openSource() : undefined;
  return () =>
    readStatus({
      source,
      dest,
      signal,
      process: { operator, lifeOf: process.lifeOf },
      command: (verb, known, ...words) => drSyncer(verb, { source, sourceName: known, dest }, ...words),
    });
};

import { readHistory } from '../state/operation-history.ts';
import type { HistoryEntry } from '../state/record-types.ts';
import { refuseUnknownNamespace } from '../status/read-status.ts';
import type { ClusterPair } from './cluster-pair.ts';
import type { Runtime } from './runtime.ts';

/** The operations on a namespace; `--output json` is this value. */
export interface HistoryResult {
  readonly schema: 'dr-syncer.io/history-result/v1';
  readonly outcome: 'ok';
  readonly exitCode: 0;
  readonly entries: readonly HistoryEntry[];
}

/**
 * Lists the past operations on a namespace, as its destination keeps them. Throws UsageError when the namespace exists
 * on neither side, KubeApiError.
 */
export const history = async (pair: ClusterPair, { signal }: Runtime): Promise<HistoryResult> => {
  const dest = pair.openDest();
  const entries = await readHistory(dest.cluster, dest.namespace, 'dest', { signal });
  const source = entries.length === 0 && pair.isSourceNamed ? pair.openSource() : undefined;
  if (entries.length === 0) await refuseUnknownNamespace({ source, dest, signal });
  return { schema: 'dr-syncer.io/history-result/v1', outcome: 'ok', exitCode: 0, entries };
};

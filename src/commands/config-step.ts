import { storedOptions } from '../operations/move/journal-options.ts';
import type { OperationState } from '../operations/move/records.ts';
import { diffConfig, syncConfig } from '../operations/move/sync-config.ts';
import type { MoveDeps, MoveSide } from '../operations/move/types.ts';
import type { StageOptions } from '../operations/stage/types.ts';
import { readHistory } from '../state/history.ts';
import { readJournal } from '../state/journal.ts';

/** Kept as the reason in the journal of a failback, so that a resumed one does the same. */
export const SYNC_CONFIG = 'sync-config';

/**
 * The step of a failback that tells what was changed at the destination, and brings it home with `--sync-config`. A
 * comparison that fails does not keep the application from coming home; the step then says so.
 */
export const configStep =
  (source: MoveSide, dest: MoveSide, given: StageOptions, sync: boolean) =>
  async (state: OperationState | undefined, deps: MoveDeps): Promise<string> => {
    const options = (await optionsOfCutover(dest)) ?? given;
    const diff = await diffConfig(source.cluster, dest.cluster, options, deps);
    if (diff.changes.length === 0) return 'no changes';
    const names = diff.changes.map((change) => `${change.kind} ${change.name} (${change.paths.join(', ')})`);
    for (const name of names) deps.reporter.warning(`Changed at the destination since the cutover: ${name}`);
    if (!sync)
      return `${names.length} objects were changed at the destination and stay as they are at the source: ${names.join('; ')}`;
    if (state === undefined) return `would apply at the source: ${names.join('; ')}`;
    return `${await syncConfig(source.cluster, dest.cluster, options, diff, deps)} objects applied at the source: ${names.join('; ')}`;
  };

// The maps and types of the cutover say how the two sides are meant to differ. By now the latest journal is that of
// the failback itself, so the history says which one is meant.
const optionsOfCutover = async ({ cluster, namespace }: MoveSide): Promise<StageOptions | undefined> => {
  const history = await readHistory(cluster, namespace);
  const last = history.findLast((entry) => entry.kind === 'cutover' && entry.result === 'ok');
  if (last === undefined) return undefined;
  const journal = await readJournal(cluster, namespace, { operationId: last.operationId });
  return journal === undefined ? undefined : storedOptions(journal.options).stage;
};

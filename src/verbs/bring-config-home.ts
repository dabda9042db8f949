import { silentReporter } from '../common/reporter.ts';
import { clauseList, count, nameList } from '../common/sentences.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import { stageOptionsFor, storedOptions } from '../moves/journal-options.ts';
import {
  diffConfig,
  type SyncedTypes,
  syncConfig,
  syncedTypes,
  trySyncConfig,
} from '../moves/sync-config.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import type { Tried } from '../sides/try-patches.ts';
import type { StageOptions } from '../stage/stage-types.ts';
import { readJournal } from '../state/journal.ts';
import { readHistory } from '../state/operation-history.ts';

/**
 * The step of a failback that tells what was changed at the destination, and brings it home with `--sync-config`.
 * Without that flag a comparison that fails does not keep the application from coming home; the step then says so.
 */
export const bringConfigHome =
  (source: MoveSide, dest: MoveSide, given: StageOptions, sync: boolean) =>
  async (
    sides: { readonly source: MoveSide; readonly dest: MoveSide } | undefined,
    deps: MoveDeps,
  ): Promise<string> => {
    const compared = await compare(source, dest, given, deps).catch((error: unknown) => {
      deps.signal.throwIfAborted();
      // What is to be brought home has to be known; what is only told has not.
      if (sync || !isKubeApiError(error)) throw error;
      deps.reporter.warning(`The changes at the destination are not known: ${error.message}`);
      return undefined;
    });
    if (compared === undefined) return 'could not be compared';
    const { options, diff } = compared;
    const deleted = warnDeleted(diff.deleted, sync, deps);
    if (diff.changes.length === 0) return deleted === '' ? 'no changes' : deleted;
    const names = diff.changes.map((change) => `${change.kind} ${change.name} (${nameList(change.paths)})`);
    deps.reporter.warning(`Changed at the destination since the cutover: ${clauseList(names, MOST_NAMED)}`);
    const more = deleted === '' ? '' : `; ${deleted}`;
    if (!sync)
      return `${count(names.length, 'object')} changed at the destination ${names.length === 1 ? 'stays as it is' : 'stay as they are'} at the source: ${clauseList(names)}${more}`;
    if (sides === undefined) return `would apply at the source: ${clauseList(names)}${more}`;
    return `${count(await syncConfig(sides.source.cluster, sides.dest.cluster, options, diff, deps), 'object')} applied at the source: ${clauseList(names)}${more}`;
  };

/** What can be asked about `--sync-config` before anything is changed. */
export interface ConfigTrial {
  /** The types that it reads and writes. */
  syncedTypes(): Promise<SyncedTypes>;
  /** What the source says, in dry runs, to what would be brought home. */
  trySyncConfig(): Promise<readonly Tried[]>;
}

/** Asks about `--sync-config` without writing; both sides are compared once. */
export const configTrial = (
  source: MoveSide,
  dest: MoveSide,
  given: StageOptions,
  signal: AbortSignal,
): ConfigTrial => {
  const deps = { reporter: silentReporter, signal };
  let compared: ReturnType<typeof compare> | undefined;
  const asked = async () => {
    compared ??= compare(source, dest, given, deps);
    const { options, diff } = await compared;
    return [source.cluster, dest.cluster, options, diff, deps] as const;
  };
  return {
    syncedTypes: async () => syncedTypes(...(await asked())),
    trySyncConfig: async () => trySyncConfig(...(await asked())),
  };
};

// Nothing is ever deleted at the source for it.
const warnDeleted = (names: readonly string[], sync: boolean, deps: Pick<MoveDeps, 'reporter'>): string => {
  if (names.length === 0) return '';
  const what = sync
    ? 'workloads among them stay stopped at the source, and nothing is deleted there'
    : 'workloads among them are still started at the source';
  deps.reporter.warning(
    `Deleted at the destination since the cutover: ${nameList(names, MOST_NAMED)}; ${what}.`,
  );
  return `deleted at the destination: ${nameList(names, MOST_NAMED)} (${what})`;
};

const MOST_NAMED = 20;

const compare = async (
  source: MoveSide,
  dest: MoveSide,
  given: StageOptions,
  deps: Pick<MoveDeps, 'reporter' | 'signal'>,
) => {
  const options = (await optionsOfCutover(source, dest)) ?? given;
  return { options, diff: await diffConfig(source.cluster, dest.cluster, options, deps) };
};

// The maps and types of the cutover say how the two sides are meant to differ. By now the latest journal is that of
// the failback itself, so the history says which one is meant.
const optionsOfCutover = async (
  source: MoveSide,
  { cluster, namespace }: MoveSide,
): Promise<StageOptions | undefined> => {
  const history = await readHistory(cluster, namespace);
  const last = history.findLast((entry) => entry.kind === 'cutover' && entry.result === 'ok');
  if (last === undefined) return undefined;
  const journal = await readJournal(cluster, namespace, { operationId: last.operationId });
  if (journal === undefined) return undefined;
  const pair = { source: source.namespace, dest: namespace };
  return stageOptionsFor(storedOptions(journal.options)?.stage, journal.operationId, pair);
};

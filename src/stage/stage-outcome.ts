import type { ExitName } from '../common/exit-codes.ts';
import { count } from '../common/sentences.ts';
import type { Collected } from './collect-objects.ts';
import { isNamespaceRow } from './stage-result.ts';
import type { StageDeps, StageOptions, StageRow } from './stage-types.ts';
import { stopReason } from './stopping.ts';

/**
 * How a stage ends that came to writing: the row of the exit-code table and one sentence. What is outside the namespace
 * (`--include-cluster-needs`) is counted by itself. Pure but for the signal.
 */
export const conclude = (
  { deps, options, collected }: Concluded,
  rows: readonly StageRow[],
): { readonly outcome: ExitName; readonly summary: string } => {
  const inNamespace = rows.filter(({ scope }) => scope !== 'cluster');
  const outside = rows.filter(({ scope, action }) => scope === 'cluster' && action === 'created').length;
  const rowsWith = (...actions: StageRow['action'][]): number =>
    rows.filter((row) => actions.includes(row.action) && !isNamespaceRow(row)).length;
  const [written, failed, refused, pending] = [
    inNamespace.filter(isWritten).length,
    rowsWith('failed'),
    rowsWith('refused'),
    rowsWith('pending'),
  ];
  const objects = count(written, 'object');
  const isNew = rows.some((row) => isNamespaceRow(row) && row.action === 'created');
  const where = `${isNew ? 'the new ' : ''}namespace ${options.destNamespace} of context ${deps.dest.context}${outside === 0 ? '' : ` and ${outside} outside it`}`;
  const unlisted = collected.unlisted.filter(({ pair }) => collected.selected.includes(pair)).length;
  if (pending + failed > 0 && deps.signal.aborted) {
    const { exit, why } = stopReason(deps.signal);
    return {
      outcome: exit,
      summary: `${why}: ${objects} ${written === 1 ? 'was' : 'were'} written to ${where}, ${pending + failed} ${pending + failed === 1 ? 'remains' : 'remain'}; run the same command again to continue.`,
    };
  }
  if (failed + refused + unlisted > 0) {
    const missing = [
      `${failed} failed`,
      `${pending} not tried`,
      `${refused} refused`,
      `${count(unlisted, 'type')} not listed`,
    ].filter((part) => !part.startsWith('0 '));
    return {
      outcome: 'partial',
      summary: `Not complete: ${objects} written to ${where}, ${missing.join(', ')}; run the same command again to continue.`,
    };
  }
  if (options.dryRun)
    return {
      outcome: 'ok',
      summary: `Dry run: ${objects} would be written to ${where}; nothing was changed.`,
    };
  const unchanged = rowsWith('unchanged');
  return {
    outcome: 'ok',
    summary: `${written + outside === 0 ? 'Nothing to do' : 'Staged'}: ${objects} written to ${where}, ${unchanged} unchanged; its workloads are parked.`,
  };
};

interface Concluded {
  readonly deps: Pick<StageDeps, 'dest' | 'signal'>;
  readonly options: Pick<StageOptions, 'destNamespace' | 'dryRun'>;
  readonly collected: Pick<Collected, 'unlisted' | 'selected'>;
}

const WRITTEN: ReadonlySet<StageRow['action']> = new Set([
  'created',
  'updated',
  'recreated',
  'stashed',
  'deleted',
]);

const isWritten = (row: StageRow): boolean => WRITTEN.has(row.action) && !isNamespaceRow(row);

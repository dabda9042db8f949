import { clause, nameList } from '../../common/sentences.ts';
import { objectName } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { whereIs } from '../../sides/side.ts';
import { moveRecords, type OwnRecord } from '../../state/record-objects.ts';
import { placeOf } from '../../state/record-places.ts';
import { type RefusedRecord, refusedRecords } from '../../workloads/try-records.ts';
import type { CheckContext, CheckRow, SideView } from '../preflight-types.ts';
import { isOpen } from '../tried-findings.ts';

/** Whether both sides take the records and the lock that a move keeps there. */
export const checkOwnRecords: CheckRow = {
  id: 'records',
  passed: 'The servers accept the records of the move.',
  run: async ({ from, to, input }) => {
    const views = [from, to].filter((view) => view !== undefined);
    const rows = await Promise.all(
      views.map(async (view) => {
        if (view.namespaceState === 'absent') return [];
        const present = new Set(view.records.map(({ metadata }) => metadata.name));
        const refused = await refusedRecords(view.side.cluster, recordsOf(view), present, input.signal);
        return recordRows(view, refused, input.kind);
      }),
    );
    return rows.flat();
  },
};

/** The records that a move keeps on a side; those that are there already are among them. Pure. */
const recordsOf = ({ side: { namespace, role }, records }: SideView): OwnRecord[] => {
  const journal = placeOf('journal', namespace, role).name;
  return moveRecords(
    namespace,
    role,
    records.some(({ metadata }) => metadata.name === journal),
  );
};

/** Those of them that are still to be created. Pure. */
export const newRecordsOf = (view: SideView): OwnRecord[] => {
  const present = new Set(view.records.map(({ metadata }) => metadata.name));
  return recordsOf(view).filter(({ object }) => !present.has(object.metadata.name));
};

/**
 * One row for each thing that a server says against our records. Without those of the destination nothing can begin;
 * the source has copies of them. Pure.
 */
const recordRows = (
  { side, unlisted }: Pick<SideView, 'side' | 'unlisted'>,
  refused: readonly RefusedRecord[],
  kind: CheckContext['input']['kind'],
): Finding[] => {
  // Missing rights and quotas are counted by checks of their own.
  const told = refused.filter(
    ({ failure }) => !isOpen(failure) && (!failure.about.includes('quota') || unlisted.has('resourcequotas')),
  );
  const groups = Map.groupBy(told, ({ record, failure }) => reasonOf(record, failure.detail));
  return [...groups].map(([reason, same]) => {
    const names = nameList(same.map(({ record }) => objectName(record.object)));
    const refuses = `The server refuses ${names} in ${whereIs(side)}`;
    return side.role === 'dest'
      ? finding('records', 'refuse', names, `${refuses}, where a ${kind} keeps its records: ${reason}.`, HINT)
      : finding(
          'records',
          'warn',
          names,
          `${refuses}, where a ${kind} keeps a copy of its records, which is missing when the destination is lost: ${reason}.`,
          HINT,
        );
  });
};

const HINT = 'Exempt objects with the label dr-syncer.io/record from what refuses them.';

// The same rule says the same of each, but for the name.
const reasonOf = ({ object }: OwnRecord, detail: string): string =>
  clause(detail).replaceAll(`"${object.metadata.name}"`, 'it');

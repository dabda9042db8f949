import { nameList } from '../../common/sentences.ts';
import { objectKey } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { deletedSentence } from '../../sides/deleted-there.ts';
import { isLeftOut } from '../../sides/left-parked.ts';
import {
  findUncopied,
  ignoredSentence,
  UNCOPIED_HINT,
  uncopiedSentence,
} from '../../sides/refuse-uncopied.ts';
import { whereIs } from '../../sides/side.ts';
import { foreignSentence, homelessProblems } from '../../sides/way-home.ts';
import { isMarked } from '../../workloads/parked-annotation.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';
import { entriesOf } from './check-patches.ts';

/** Whether everything that a cutover stops has a copy, or gets one from the stage that it begins with. */
export const checkUncopied: CheckRow = {
  id: 'uncopied',
  passed: 'Everything to be stopped has a copy to start.',
  run: (context) => [...uncopiedRows(context), ...homelessRows(context), ...deletedRows(context)],
};

/** The same for a failback, whose copies are at home. Pure. */
const homelessRows = ({ from, to, homeless }: Pick<CheckContext, 'from' | 'to' | 'homeless'>): Finding[] => {
  if (from === undefined || homeless === undefined) return [];
  const told = foreignSentence(from.side, to.side, homeless.foreign);
  return [
    ...(told === undefined ? [] : [finding('uncopied', 'warn', whereIs(from.side), told)]),
    ...homelessProblems(from.side, to.side, homeless).map(({ message, hint }) =>
      finding('uncopied', 'refuse', whereIs(to.side), message, hint),
    ),
  ];
};

// What was deleted on purpose would run again.
const deletedRows = ({ from, to, deleted, input }: CheckContext): Finding[] => {
  if (from === undefined) return [];
  const told = deletedSentence(from.side, to.side, deleted ?? [], input.trySyncConfig !== undefined);
  return told === undefined ? [] : [finding('uncopied', 'warn', whereIs(from.side), told)];
};

/** One refusal for all that have none. Without a plan of the stage nothing is said: what is in its way is a finding. Pure. */
const uncopiedRows = ({
  from,
  to,
  survey,
  copy,
  input,
}: Pick<CheckContext, 'from' | 'to' | 'survey' | 'copy' | 'input'>): Finding[] => {
  if (input.kind !== 'cutover' || from === undefined || copy === undefined) return [];
  const uncopied = findUncopied(entriesOf({ from, survey }, input), from.objects, copiesOf({ to, copy }));
  const missing = uncopied.filter(({ isIgnored }) => !isIgnored);
  const names = missing.map(({ kind, name }) => `${kind} ${name}`);
  return [
    ...uncopied
      .filter(({ isIgnored }) => isIgnored)
      .map((item) =>
        finding('uncopied', 'warn', `${item.kind} ${item.name}`, ignoredSentence(item, to.side)),
      ),
    ...(missing.length === 0
      ? []
      : [
          finding(
            'uncopied',
            'refuse',
            nameList(names),
            uncopiedSentence(missing, from.side, to.side),
            UNCOPIED_HINT,
          ),
        ]),
  ];
};

// What is parked there already, and what the stage parks. What the stage cannot write is refused as such; what the
// server does not let it change, and is passed over, has no copy.
const copiesOf = ({ to, copy }: Pick<CheckContext, 'to'> & { copy: NonNullable<CheckContext['copy']> }) => {
  const passedOver = new Set(
    copy.dryRun.rows.filter(({ outcome }) => outcome.action === 'skipped').map(({ item }) => item),
  );
  const staged = copy.prepared.flatMap(({ source, verdict, item }) => {
    if (verdict.kind === 'refuse') return [objectKey(source)];
    return item?.wholePark === undefined || passedOver.has(item) ? [] : [objectKey(item.whole)];
  });
  const parked = to.objects.filter((object) => isMarked(object) && !isLeftOut(object));
  return new Set([...staged, ...parked.map(objectKey)]);
};

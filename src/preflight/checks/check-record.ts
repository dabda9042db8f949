import { MANAGED } from '../../common/annotations.ts';
import { drSyncer } from '../../common/command-line.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { objectKey, refKey } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { leftParkedSentence } from '../../sides/left-parked.ts';
import { whereIs } from '../../sides/side.ts';
import type { StartTarget } from '../../sides/side-types.ts';
import { restingFields, runs } from '../../sides/wanted-pods.ts';
import { ageText, parseTimestamp } from '../../state/time-text.ts';
import { isMarked } from '../../workloads/parked-annotation.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/** Whether there is something parked to be started, and how old the copy is. */
export const checkRecord: CheckRow = {
  id: 'staged',
  passed: 'There are parked objects to start.',
  run: (context) => [...stagedRows(context), ...leftRows(context), ...ageRows(context)],
};

// A failback also counts what runs at home already; that is no copy which it could start.
const rests = (objects: readonly KubeObject[], target: StartTarget): boolean => {
  const live = objects.find((object) => objectKey(object) === refKey(target));
  if (live === undefined) return false;
  return isMarked(live) || (target.wanted !== undefined && restingFields(live, target.wanted).length > 0);
};

const stagedRows = ({ input, from, to, survey, targets, stashed, copy }: CheckContext): Finding[] => {
  const { kind, record } = input;
  const managed = (copy?.collected.dest ?? to.objects).some(
    (object) => object.metadata.labels?.[MANAGED] === 'true',
  );
  const staged = managed || record?.lastStageAt !== undefined;
  const parked = kind === 'failback' ? targets.filter((target) => rests(to.objects, target)) : targets;
  if (parked.length > 0 || stashed.length > 0 || (kind !== 'failback' && staged)) return [];
  // What may not be looked at may well be there; the missing right is the finding then.
  if (to.unlisted.size > 0 || input.recordForbidden === true)
    return [
      finding(
        'staged',
        'unknown',
        whereIs(to.side),
        `It is not known whether anything is parked in ${whereIs(to.side)}: its records and workloads cannot be read.`,
      ),
    ];
  // A namespace without workloads moves as well; its live side is all that changes.
  if (kind === 'failback' && survey !== undefined && !survey.entries.some(runs) && !survey.barePods.length)
    return [
      finding(
        'staged',
        'info',
        whereIs(to.side),
        `Nothing runs in ${from === undefined ? 'the destination' : whereIs(from.side)} and nothing is parked in ${whereIs(to.side)}: no workload is moved.`,
      ),
    ];
  return kind === 'failback'
    ? [
        finding(
          'staged',
          'refuse',
          whereIs(to.side),
          `Nothing is parked in ${whereIs(to.side)}, so a failback has nothing to start again.`,
          'Copy the application there first: stage in the other direction, with the two sides swapped.',
        ),
      ]
    : [
        finding(
          'staged',
          'refuse',
          whereIs(to.side),
          `Nothing has been staged in ${whereIs(to.side)}.`,
          `Stage first, then check the result: ${drSyncer('stage', input)}`,
        ),
      ];
};

// Whoever confirms a failover must see what it does not start.
const leftRows = ({ input, to }: CheckContext): Finding[] => {
  const left =
    input.kind === 'failover' ? leftParkedSentence(to.side, to.objects, input.options.jobs) : undefined;
  return left === undefined ? [] : [finding('staged', 'warn', whereIs(to.side), left)];
};

const ageRows = ({ input }: CheckContext): Finding[] => {
  if (input.kind === 'failback') return [];
  const { dest, record, maxStageAgeMs } = input;
  const at = parseTimestamp(record?.lastStageAt);
  if (at === undefined) {
    if (maxStageAgeMs === undefined) return [];
    const level = input.recordForbidden === true ? 'unknown' : 'refuse';
    const what = level === 'unknown' ? 'Cannot read the record of' : 'There is no record of';
    return [finding('stage-age', level, whereIs(dest), `${what} when ${whereIs(dest)} was last staged.`)];
  }
  const ageMs = dest.cluster.now() - at;
  const message = `The last stage of ${whereIs(dest)} was ${ageText(ageMs)} ago.`;
  if (maxStageAgeMs !== undefined && ageMs > maxStageAgeMs) {
    return [
      finding(
        'stage-age',
        'refuse',
        whereIs(dest),
        `${message} That is more than the ${ageText(maxStageAgeMs)} of --max-stage-age.`,
        `Stage again, or allow a greater age: ${drSyncer('stage', input)}`,
      ),
    ];
  }
  return [finding('stage-age', 'info', whereIs(dest), message)];
};

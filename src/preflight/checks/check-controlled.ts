import { kubectl } from '../../common/command-line.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { groupKind, groupOf, objectKey, objectName, refKey } from '../../kube/object-names.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { Controlled } from '../../sides/baseline.ts';
import { whereIs } from '../../sides/side.ts';
import type { MoveSide } from '../../sides/side-types.ts';
import { actsBeside } from '../../stage/held-back.ts';
import { planPark } from '../../workloads/park.ts';
import { podsOfWorkloads } from '../../workloads/pods-under.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';
import { podOwnerRows } from './check-pod-owners.ts';

/** Whether operators would start again what the move stops, or go on with what it cannot stop. */
export const checkControlled: CheckRow = {
  id: 'controlled',
  passed: 'No operator will start stopped workloads again.',
  run: async ({ from, survey, copy, input }) =>
    from === undefined || survey === undefined
      ? []
      : [
          ...survey.controlled.map((item) => controlledRow(from.side, item)),
          ...survey.belonging.map((item) => belongingRow(from.side, item)),
          ...neverZeroRows(from),
          ...(await podOwnerRows(from, input.signal)),
          ...aloneRows(from.side, copy),
        ],
};

/** One row about a workload that a custom resource without a known pause controls. Pure. */
export const controlledRow = (side: MoveSide, { object, owner, rests }: Controlled): Finding => {
  const name = objectName(object);
  const keeper = `${owner.kind} ${owner.name}`;
  const [says, hint] = isInstalled(owner)
    ? [
        `${name} in ${whereIs(side)} was installed by ${keeper}, and the Operator Lifecycle Manager would start it again`,
        'Operators are not moved: install it at the destination, and uninstall it here before the move.',
      ]
    : rests
      ? [
          `${name} in ${whereIs(side)} is stopped, but is controlled by ${keeper}, which dr-syncer does not know how to pause: its operator could start it again`,
          `When its operator is paused, run again with --ignore-preflight controlled. A pause set on ${keeper} itself is copied with it: remove it there after the start.`,
        ]
      : [
          `${name} in ${whereIs(side)} is controlled by ${keeper}, a custom resource that dr-syncer does not know how to pause: its operator would start it again`,
          `Pause ${keeper} and stop its pods by hand, as its operator documents. Inspect it with: ${see(side, owner)}`,
        ];
  return finding('controlled', 'refuse', name, `${says}.`, hint);
};

/** The same for one that only belongs to a custom resource: whether its operator acts on it is not known. Pure. */
export const belongingRow = (side: MoveSide, item: Controlled): Finding => {
  if (isInstalled(item.owner)) return controlledRow(side, item);
  const name = objectName(item.object);
  const keeper = `${item.owner.kind} ${item.owner.name}`;
  return finding(
    'controlled',
    'warn',
    name,
    `${name} in ${whereIs(side)} belongs to ${keeper}, which dr-syncer does not know how to pause: its operator may start it again after the stop.`,
    `Pause it by hand before the move. Inspect it with: ${see(side, item.owner)}`,
  );
};

/** One row per custom resource that takes no 0: in the way while it has pods of its own, else only told. Pure. */
export const neverZeroRows = ({ side, objects }: NonNullable<CheckContext['from']>): Finding[] => {
  const found = objects.filter(
    (object) =>
      side.scalePaths.get(groupKind(object)) === 'never-zero' &&
      planPark(object, { stop: true }) === undefined,
  );
  if (found.length === 0) return [];
  const pods = objects.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Pod');
  const running = podsOfWorkloads(pods, objects).map(({ root }) => refKey(root));
  return found.map((object: KubeObject) => {
    const hasPods = running.includes(objectKey(object));
    return finding(
      'controlled',
      hasPods ? 'refuse' : 'warn',
      objectName(object),
      `${objectName(object)} in ${whereIs(side)} is not stopped by the move: its definition requires at least 1 replica.`,
      'Pause it by hand before the move, as its operator documents.',
    );
  });
};

// What is kept as a manifest since it acts by itself goes on doing so at the side that is stopped.
const aloneRows = (side: MoveSide, copy: CheckContext['copy']): Finding[] =>
  (copy?.prepared ?? []).flatMap(({ source, stashed }) => {
    const alone = stashed ? actsBeside(source) : undefined;
    if (alone === undefined) return [];
    return finding(
      'controlled',
      'warn',
      objectName(source),
      `${objectName(source)} in ${whereIs(side)} ${alone.does} and is not stopped by the move: ${alone.risk}.`,
      'Pause it by hand before the move, as its operator documents.',
    );
  });

const isInstalled = ({ apiVersion }: Controlled['owner']): boolean =>
  groupOf(apiVersion) === 'operators.coreos.com';

const see = (side: MoveSide, { apiVersion, kind, name }: Controlled['owner']): string =>
  kubectl(side, 'get', `${kind.toLowerCase()}.${groupOf(apiVersion)}/${name}`, '-o', 'yaml');

import { IGNORE } from '../common/annotations.ts';
import { nameList } from '../common/sentences.ts';
import { KEEP, refuse, skip, type Verdict, warn } from '../common/verdict.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { compareQuantities } from '../kube/quantity.ts';
import { listAt, stringAt } from '../kube/raw-json.ts';
import { isOfMover } from '../pipeline/mover-labels.ts';
import type { ClaimView } from './mover-types.ts';

type Check = (view: ClaimView) => Verdict;

const phaseOf = (claim: KubeObject): string | undefined => stringAt(claim, 'status', 'phase');

const isBlock: Check = ({ source, dest }) =>
  [source, dest].some((claim) => stringAt(claim, 'spec', 'volumeMode') === 'Block')
    ? refuse('its volumeMode is Block: only file systems can be copied')
    : KEEP;

const isGoing: Check = ({ source, dest }) => {
  if (source.metadata.deletionTimestamp !== undefined) return refuse('the source PVC is being deleted');
  return dest?.metadata.deletionTimestamp === undefined
    ? KEEP
    : refuse('the destination PVC is being deleted');
};

const sourceHasVolume: Check = ({ source }) => {
  if (phaseOf(source) === 'Lost') return refuse('the source PVC is Lost: its volume is gone');
  return phaseOf(source) === 'Bound' ? KEEP : skip('the source PVC was never bound, so it holds no data');
};

const isWanted: Check = ({ source }) => {
  const reason = whyLeftAlone(source);
  return reason === undefined ? KEEP : skip(reason);
};

/** Why the data of a claim is none of a move's, whatever its volume holds, as a clause; undefined otherwise. Pure. */
export const whyLeftAlone = ({ metadata }: KubeObject): string | undefined => {
  const { labels, annotations, ownerReferences } = metadata;
  if (labels?.[IGNORE] === 'true' || annotations?.[IGNORE] === 'true') return `it is marked ${IGNORE}=true`;
  return ownerReferences?.some((owner) => owner.kind === 'Pod') === true
    ? 'it is an ephemeral volume, deleted with its pod'
    : undefined;
};

const destExists: Check = ({ dest, source, input }) => {
  if (dest !== undefined || input.destIsStaged === false) return KEEP;
  const named = className(source);
  const wanted = named === undefined ? 'the default class' : (input.storageClassMap.get(named) ?? named);
  return refuse(
    `no PVC of this name exists in namespace ${input.destNamespace} at the destination (storage class: ${wanted})${input.isStaging === false ? '; create it there, or leave this PVC out' : '; stage creates it'}`,
  );
};

const destHasClass: Check = ({ dest, destClass, input }) => {
  if (dest === undefined || phaseOf(dest) === 'Bound') return KEEP;
  if (phaseOf(dest) === 'Lost') return refuse('the destination PVC is Lost: its volume is gone');
  const name = className(dest);
  // A claim that names a volume, or asks for none to be made, is bound by hand.
  if (stringAt(dest, 'spec', 'volumeName') !== undefined)
    return warn('the destination PVC is not bound to its volume yet');
  if (name === '') {
    return refuse(
      'the destination PVC has no storage class and no volume, so it never binds; map the class or create a volume',
    );
  }
  if (input.destClasses === undefined) return KEEP;
  if (destClass === undefined) {
    return name === undefined
      ? refuse('the destination PVC names no storage class, and the destination has no default class')
      : refuse(
          `the destination has no storage class ${name}; map it to one of its own with --storage-class-map`,
        );
  }
  return stringAt(destClass, 'volumeBindingMode') === 'WaitForFirstConsumer'
    ? KEEP
    : warn(
        `the destination PVC is still Pending although class ${destClass.metadata.name} binds immediately`,
      );
};

const WRITABLE = new Set(['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany']);

const destIsWritable: Check = ({ dest }) => {
  if (dest === undefined) return KEEP;
  const modes = listAt(dest, 'spec', 'accessModes');
  return modes.some((mode) => typeof mode === 'string' && WRITABLE.has(mode))
    ? KEEP
    : refuse(
        `the destination PVC is not writable (access modes: ${modes.map((mode) => JSON.stringify(mode)).join(', ') || 'none'})`,
      );
};

const sizeOf = (claim: KubeObject): string | undefined =>
  stringAt(claim, 'status', 'capacity', 'storage') ??
  stringAt(claim, 'spec', 'resources', 'requests', 'storage');

const destIsLargeEnough: Check = ({ source, dest, input }) => {
  const needed = sizeOf(source);
  const given = dest === undefined ? undefined : sizeOf(dest);
  if (needed === undefined || given === undefined || compareQuantities(given, needed) >= 0) return KEEP;
  const reason = `the destination PVC (${given}) is smaller than the source (${needed})`;
  return input.ignoreSizes === true ? warn(reason) : refuse(reason);
};

const isOncePod = (claim: KubeObject): boolean =>
  listAt(claim, 'spec', 'accessModes').includes('ReadWriteOncePod');

// The mover looks at references only: a pod that has completed keeps the claim in use as far as it is concerned.
const nameUsers = (pods: readonly KubeObject[]): string => {
  const names = pods.map((pod) => {
    const phase = stringAt(pod, 'status', 'phase') ?? 'phase unknown';
    return `${pod.metadata.name} (${phase}${isOfMover(pod) ? ', left by an earlier copy' : ''})`;
  });
  return `${pods.length === 1 ? 'pod' : 'pods'} ${nameList(names, 3)}`;
};

const sourceIsFree: Check = ({ source, sourceUsers, input }) => {
  if (sourceUsers.length === 0) return KEEP;
  const users = nameUsers(sourceUsers);
  if (isOncePod(source)) {
    return refuse(`the source PVC is ReadWriteOncePod and used by ${users}: no other pod can read it`);
  }
  return input.preCopy === true
    ? warn(`the source PVC is used by ${users}: this copy is not consistent`)
    : refuse(`the source PVC is used by ${users}; completed pods count too`);
};

const destIsFree: Check = ({ dest, destUsers }) => {
  if (dest === undefined || destUsers.length === 0) return KEEP;
  const users = nameUsers(destUsers);
  return isOncePod(dest)
    ? refuse(`the destination PVC is ReadWriteOncePod and used by ${users}`)
    : refuse(`the destination PVC is used by ${users}; completed pods count too`);
};

const classIsAsMapped: Check = ({ source, dest, input }) => {
  const from = className(source);
  const wanted = from === undefined ? undefined : input.storageClassMap.get(from);
  const has = dest === undefined ? undefined : className(dest);
  return wanted === undefined || has === undefined || wanted === has
    ? KEEP
    : warn(`the destination PVC has storage class ${has}, not ${wanted} as mapped`);
};

/** What is looked at for each claim, in the order in which a reason is the most useful one. */
export const CLAIM_CHECKS: readonly Check[] = [
  isWanted,
  isBlock,
  isGoing,
  sourceHasVolume,
  destExists,
  destHasClass,
  destIsWritable,
  destIsLargeEnough,
  sourceIsFree,
  destIsFree,
  classIsAsMapped,
];

/** The class that a claim names, also in the annotation that came before the field; undefined: the default class. */
export const className = (claim: KubeObject): string | undefined =>
  claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
  stringAt(claim, 'spec', 'storageClassName');

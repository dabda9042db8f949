import { STORAGE_CLASS } from '../common/annotations.ts';
import type { NamedCluster } from '../common/command-line.ts';
import { nameList } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { stringAt } from '../kube/raw-json.ts';
import { settingOf } from '../pipeline/transforms/support/metadata-edits.ts';
import { type CopiedClaim, newClaims } from './copied-pvcs.ts';
import type { Finding } from './findings.ts';
import type { Check, CheckInput } from './need-types.ts';

/**
 * Whether the destination can make a volume for every claim that it does not have yet: the named StorageClass
 * exists, or there is a default class, or a volume is reserved for the claim by hand.
 */
export const checkStorageClasses: Check = async (context) => {
  const { lister } = context;
  const claims = newClaims(context.desired, context.sourceObjects, context.destObjects);
  if (claims.length === 0) return [];
  const isStatic = claims.some(({ className }) => className === '');
  const [classes, volumes] = await Promise.all([
    lister.list('dest', STORAGE_CLASSES, 'whether the StorageClasses of the PVCs exist'),
    isStatic ? lister.list('dest', VOLUMES, 'whether volumes are reserved for static PVCs') : undefined,
  ]);
  const reserved = volumes?.state === 'listed' ? volumes.objects : [];
  return [
    ...(classes.state === 'unknown'
      ? []
      : classFindings(context, claims, classes.state === 'listed' ? classes.objects : [])),
    ...staticFindings(context, claims, reserved),
  ];
};

const STORAGE_CLASSES = 'storageclasses.storage.k8s.io';
const VOLUMES = 'persistentvolumes';

type Names = Pick<CheckInput, 'destNamespace' | 'storageClassMap'> & {
  readonly dest: NamedCluster;
};

/** Findings about claims that name a class which is not among `classes`, or none while there is no default. Pure. */
export const classFindings = (
  names: Names,
  claims: readonly CopiedClaim[],
  classes: readonly KubeObject[],
): Finding[] => {
  const existing = new Set(classes.map((item) => item.metadata.name));
  const missing = new Map<string, CopiedClaim[]>();
  for (const claim of claims) {
    const { className } = claim;
    if (className === undefined || className === '' || existing.has(className)) continue;
    missing.set(className, [...(missing.get(className) ?? []), claim]);
  }
  const unnamed = claims.filter(({ className }) => className === undefined);
  return [
    ...[...missing].map(([name, users]) => missingFinding(names, name, users, classes)),
    ...(unnamed.length > 0 && !classes.some(isDefault) ? [noDefaultFinding(names, unnamed, classes)] : []),
  ];
};

/** One finding about the claims that ask for a volume made by hand and have none among `volumes`. Pure. */
export const staticFindings = (
  names: Names,
  claims: readonly CopiedClaim[],
  volumes: readonly KubeObject[],
): Finding[] => {
  const reserved = volumes
    .filter((volume) => stringAt(volume, 'spec', 'claimRef', 'namespace') === names.destNamespace)
    .map((volume) => stringAt(volume, 'spec', 'claimRef', 'name') ?? '');
  const without = claims.filter(
    ({ className, isNamed }) => className === '' && !reserved.some((name) => isNamed(name)),
  );
  if (without.length === 0) return [];
  return [
    {
      level: 'refuse',
      id: 'static-claim',
      subject: 'StorageClass ""',
      message:
        `The empty StorageClass is referenced by ${usersOf(without)} in namespace ${names.destNamespace}: nothing ` +
        `provisions a volume for such a PVC, and context ${names.dest.context} has none reserved for it. Map it with ` +
        '--storage-class-map =<class>, set the label ' +
        `${STORAGE_CLASS} on the PVC, or create a PersistentVolume whose spec.claimRef references the PVC.`,
    },
  ];
};

const missingFinding = (
  names: Names,
  className: string,
  users: readonly CopiedClaim[],
  classes: readonly KubeObject[],
): Finding => ({
  level: 'refuse',
  id: 'storage-class-missing',
  subject: `StorageClass ${className}`,
  message:
    `Context ${names.dest.context} has no StorageClass ${className}, which is referenced by ${usersOf(users)} in ` +
    `namespace ${names.destNamespace}; ${whatThereIs(classes)}. ${remedy(names, className, users)}`,
});

const noDefaultFinding = (
  names: Names,
  users: readonly CopiedClaim[],
  classes: readonly KubeObject[],
): Finding => ({
  level: 'warn',
  id: 'no-default-storage-class',
  subject: 'StorageClass',
  message:
    `No StorageClass is set on ${usersOf(users)} in namespace ${names.destNamespace}, and context ` +
    `${names.dest.context} has no default one, so the PVCs stay Pending; ${whatThereIs(classes)}. Make one the ` +
    `default, or set the label ${STORAGE_CLASS} on the PVCs.`,
});

// A label on the claim wins over the map, and a class that the map names is corrected where it was written.
const remedy = (names: Names, className: string, users: readonly CopiedClaim[]): string => {
  if (users.some(({ claim }) => settingOf(claim, STORAGE_CLASS) === className)) {
    return `Correct the label or annotation ${STORAGE_CLASS} on it at the source.`;
  }
  const mapped = [...names.storageClassMap].find(([, to]) => to === className);
  if (mapped === undefined) return `Map it with --storage-class-map ${className}=<class>.`;
  return `Correct --storage-class-map ${mapped[0]}=${className}.`;
};

const whatThereIs = (classes: readonly KubeObject[]): string => {
  if (classes.length === 0) return 'it has no StorageClass at all';
  const names = classes.map((item) => `${item.metadata.name}${isDefault(item) ? ' (default)' : ''}`).sort();
  return `it has ${nameList(names, 12)}`;
};

const usersOf = (claims: readonly CopiedClaim[]): string => nameList(claims.map(({ user }) => user).sort());

const isDefault = (storageClass: KubeObject): boolean =>
  ['storageclass.kubernetes.io', 'storageclass.beta.kubernetes.io'].some(
    (prefix) => storageClass.metadata.annotations?.[`${prefix}/is-default-class`] === 'true',
  );

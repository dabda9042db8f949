import { KEEP, type Verdict } from '../common/verdict.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectsAt, stringAt } from '../kube/raw-json.ts';
import type { PairedClaim } from './mover-types.ts';
import { CLAIM_CHECKS, className } from './pvc-checks.ts';

/** Everything that decides about the claims of one namespace. `source` is the side that has the data now. */
export interface ClaimsInput {
  readonly sourceNamespace: string;
  readonly destNamespace: string;
  readonly sourceClaims: readonly KubeObject[];
  readonly destClaims: readonly KubeObject[];
  /** Undefined: they may not be read, so nothing is said about them. */
  readonly destClasses: readonly KubeObject[] | undefined;
  readonly sourcePods: readonly KubeObject[];
  readonly destPods: readonly KubeObject[];
  /** Source class -> destination class. */
  readonly storageClassMap: ReadonlyMap<string, string>;
  /** The source runs on while data is copied: its claims may be in use, and the copy is not consistent. */
  readonly preCopy?: boolean | undefined;
  /** Copy into claims that are smaller than the source. */
  readonly ignoreSizes?: boolean | undefined;
  /** False: the data goes back, and no stage makes claims on that side. */
  readonly isStaging?: boolean | undefined;
  /** False: claims that the destination lacks are still to be made by a stage. */
  readonly destIsStaged?: boolean | undefined;
}

/** One claim with everything its checks look at. */
export interface ClaimView {
  readonly input: ClaimsInput;
  readonly source: KubeObject;
  readonly dest: KubeObject | undefined;
  /** The storage class that the destination claim names, or the default one; undefined when there is none. */
  readonly destClass: KubeObject | undefined;
  /** Pods that reference the claim, in any phase. */
  readonly sourceUsers: readonly KubeObject[];
  readonly destUsers: readonly KubeObject[];
}

/**
 * Pairs every claim of the source with the claim of the same name at the destination and says whether it may be
 * copied: refused with the reason, skipped where there is nothing to copy, kept, or kept with a warning. Sorted by
 * name. Pure.
 */
export const pairClaims = (input: ClaimsInput): PairedClaim[] => {
  const dests = new Map(input.destClaims.map((claim) => [claim.metadata.name, claim]));
  const sourceUsers = podsByClaim(input.sourcePods);
  const destUsers = podsByClaim(input.destPods);
  return input.sourceClaims
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .map((source) => {
      const { name } = source.metadata;
      const dest = dests.get(name);
      const view: ClaimView = {
        input,
        source,
        dest,
        destClass: dest === undefined ? undefined : classOf(dest, input.destClasses ?? []),
        sourceUsers: sourceUsers.get(name) ?? [],
        destUsers: destUsers.get(name) ?? [],
      };
      return {
        pair: {
          name,
          source: { namespace: input.sourceNamespace, claim: name },
          dest: { namespace: input.destNamespace, claim: name },
          capacity: stringAt(source, 'status', 'capacity', 'storage'),
        },
        verdict: judge(view),
      };
    });
};

// The first refusal or skip decides; otherwise every warning is told.
const judge = (view: ClaimView): Verdict => {
  const warnings: string[] = [];
  for (const check of CLAIM_CHECKS) {
    const verdict = check(view);
    if (verdict.kind === 'refuse' || verdict.kind === 'skip') return verdict;
    if (verdict.kind === 'warn') warnings.push(verdict.reason);
  }
  return warnings.length === 0 ? KEEP : { kind: 'warn', reason: warnings.join('; ') };
};

const podsByClaim = (pods: readonly KubeObject[]): Map<string, KubeObject[]> => {
  const users = new Map<string, KubeObject[]>();
  for (const pod of pods) {
    for (const claim of claimsOfPod(pod)) users.set(claim, [...(users.get(claim) ?? []), pod]);
  }
  return users;
};

/** Names of the claims that a pod references, those of its generic ephemeral volumes (`<pod>-<volume>`) included. */
export const claimsOfPod = (pod: KubeObject): string[] =>
  objectsAt(pod, 'spec', 'volumes').flatMap((volume) => {
    const claim = stringAt(volume, 'persistentVolumeClaim', 'claimName');
    if (claim !== undefined) return [claim];
    return volume['ephemeral'] === undefined
      ? []
      : [`${pod.metadata.name}-${stringAt(volume, 'name') ?? ''}`];
  });

const DEFAULT_CLASS_KEYS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

const classOf = (claim: KubeObject, classes: readonly KubeObject[]): KubeObject | undefined => {
  const name = className(claim);
  return name === undefined
    ? classes.find((item) => DEFAULT_CLASS_KEYS.some((key) => item.metadata.annotations?.[key] === 'true'))
    : classes.find((item) => item.metadata.name === name);
};

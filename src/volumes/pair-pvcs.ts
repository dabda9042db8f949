import { KEEP, type Verdict } from '../common/verdict.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { objectsAt, stringAt } from '../kube/raw-json.ts';
import type { ClaimsInput, ClaimView, PairedClaim } from './mover-types.ts';
import { CLAIM_CHECKS, className } from './pvc-checks.ts';

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

import { stringify } from 'yaml';
import { TEMPORARY } from '../common/annotations.ts';
import type { JsonObject } from '../kube/api-types.ts';
import { clone } from '../kube/raw-json.ts';
import type { Dialect } from './mover-dialects.ts';
import type { MoverOptions } from './mover-types.ts';

/**
 * Labels of every pod that copies or verifies data: marks it as temporary, so that it is never copied, and keeps
 * service mesh sidecars out, which would cut the connection between the two clusters.
 */
export const POD_LABELS: Readonly<Record<string, string>> = {
  [TEMPORARY]: 'true',
  'sidecar.istio.io/inject': 'false',
};

/** Annotations that keep out the sidecars of meshes that look for an annotation. */
export const POD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'sidecar.istio.io/inject': 'false',
  'linkerd.io/inject': 'disabled',
};

/**
 * The Helm values of the mover's chart. Everything that is a list or holds a comma goes through this file, as the
 * mover splits the values of its --helm-set flags at commas. Holds no secret values.
 */
export const moverValues = (options: MoverOptions, dialect: Dialect): JsonObject => ({
  sshd: {
    ...moverPodValues(options),
    deploymentLabels: { [TEMPORARY]: 'true' },
  },
  rsync: {
    ...moverPodValues(options),
    jobLabels: { [TEMPORARY]: 'true' },
    // Versions before 3.2 have no flag for it.
    ...(options.bandwidthKBps !== undefined && !dialect.has('rsyncExtraArgs')
      ? { extraArgs: `--bwlimit=${options.bandwidthKBps}` }
      : {}),
  },
});

/** The values as the YAML text of a `--helm-values` file. */
export const moverValuesText = (options: MoverOptions, dialect: Dialect): string =>
  stringify(moverValues(options, dialect));

/** The part of the values that both kinds of pods share. */
export const moverPodValues = (options: MoverOptions): JsonObject => ({
  podLabels: { ...POD_LABELS },
  podAnnotations: { ...POD_ANNOTATIONS },
  networkPolicy: { enabled: options.networkPolicies },
  ...(options.pullSecrets.length > 0
    ? { imagePullSecrets: options.pullSecrets.map((name) => ({ name })) }
    : {}),
  ...(options.tolerations.length > 0 ? { tolerations: options.tolerations.map((item) => clone(item)) } : {}),
  ...(Object.keys(options.nodeSelector).length > 0 ? { nodeSelector: { ...options.nodeSelector } } : {}),
  ...(options.resources === undefined ? {} : { resources: clone(options.resources) }),
  ...(options.nonRoot ? { securityContext: restrictedContext() } : {}),
});

// --non-root of the mover leaves out dropped capabilities and the seccomp profile, without which a namespace with
// the restricted pod security level refuses its pods. The empty list replaces the chart's SYS_CHROOT.
const restrictedContext = (): JsonObject => ({
  allowPrivilegeEscalation: false,
  capabilities: { add: [], drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
});

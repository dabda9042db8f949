import type { JsonObject, KubeObject } from '../kube/api-types.ts';
import { MOVER_LABELS } from '../pipeline/mover-labels.ts';
import type { MoverOptions } from './mover-types.ts';
import { moverPodValues } from './mover-values-file.ts';

/**
 * A pod that looks to admission like those of the mover: for a server-side dry run that tells, before anything is
 * stopped, whether a namespace would let them in. Never created. Pure.
 */
export const checkPod = (options: MoverOptions, namespace: string): KubeObject => {
  const values = moverPodValues(options);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'dr-syncer-mover-check',
      namespace,
      labels: { ...(values['podLabels'] as Record<string, string>), ...MOVER_LABELS },
      annotations: values['podAnnotations'] as Record<string, string>,
    },
    spec: {
      restartPolicy: 'Never',
      ...(options.nonRoot ? { securityContext: NON_ROOT } : {}),
      ...pick(values, 'tolerations', 'nodeSelector', 'imagePullSecrets'),
      containers: [
        {
          name: 'mover',
          image: options.images.sshd ?? 'docker.io/utkuozdemir/pv-migrate-sshd',
          securityContext: options.nonRoot
            ? values['securityContext']
            : { capabilities: { add: ['SYS_CHROOT'] } },
          ...pick(values, 'resources'),
        },
      ],
    },
  } as KubeObject;
};

// What --non-root of the mover sets for the pod.
const NON_ROOT = { runAsNonRoot: true, runAsUser: 10_000, runAsGroup: 10_000, fsGroup: 10_000 };

const pick = (values: JsonObject, ...names: string[]): JsonObject =>
  Object.fromEntries(names.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));

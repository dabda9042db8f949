import { describe, expect, it } from 'vitest';
import { checkPod } from '../../src/volumes/check-pod.ts';
import { DEFAULT_MOVER_OPTIONS } from '../../src/volumes/mover-defaults.ts';

describe('checkPod', () => {
  it('D41: looks like the pods of the mover to admission', () => {
    expect(checkPod(DEFAULT_MOVER_OPTIONS, 'shop')).toMatchObject({
      metadata: {
        namespace: 'shop',
        labels: { 'app.kubernetes.io/name': 'pv-migrate', 'dr-syncer.io/temporary': 'true' },
      },
      spec: { containers: [{ securityContext: { capabilities: { add: ['SYS_CHROOT'] } } }] },
    });
    const resources = { requests: { cpu: '1' } };
    const toleration = { key: 'gpu', operator: 'Exists' };
    const pod = checkPod(
      {
        ...DEFAULT_MOVER_OPTIONS,
        nonRoot: true,
        resources,
        tolerations: [toleration],
        pullSecrets: ['pull'],
      },
      'shop',
    );
    expect(pod['spec']).toMatchObject({
      securityContext: { runAsNonRoot: true, runAsUser: 10_000 },
      tolerations: [toleration],
      imagePullSecrets: [{ name: 'pull' }],
      containers: [
        {
          resources,
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            seccompProfile: { type: 'RuntimeDefault' },
          },
        },
      ],
    });
  });
});

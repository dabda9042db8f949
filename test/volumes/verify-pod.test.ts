import { describe, expect, it } from 'vitest';
import { objectsAt, valueAt } from '../../src/kube/raw-json.ts';
import { DEFAULT_VERIFY_OPTIONS, verificationName, verificationPod } from '../../src/volumes/verify-pod.ts';

const end = { namespace: 'shop', claim: 'data' };
const pod = (changes: Partial<typeof DEFAULT_VERIFY_OPTIONS> = {}) =>
  verificationPod(end, 'op-1', { ...DEFAULT_VERIFY_OPTIONS, ...changes });

describe('verificationPod', () => {
  it('is marked as temporary and as one of ours', () => {
    expect(pod().metadata).toMatchObject({
      namespace: 'shop',
      labels: { 'dr-syncer.io/temporary': 'true', 'app.kubernetes.io/name': 'dr-syncer-verify' },
    });
  });

  it('can only read the claim, and its own folder is the only one it can write', () => {
    expect(valueAt(pod(), 'spec', 'volumes')).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data', readOnly: true } },
      { name: 'work', emptyDir: {} },
    ]);
    expect(objectsAt(pod(), 'spec', 'containers', 0, 'volumeMounts')[0]).toMatchObject({ readOnly: true });
    expect(valueAt(pod(), 'spec', 'containers', 0, 'securityContext', 'readOnlyRootFilesystem')).toBe(true);
  });

  it('meets the restricted pod security level', () => {
    expect(valueAt(pod(), 'spec', 'securityContext')).toEqual({
      runAsUser: 65534,
      runAsGroup: 65534,
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(valueAt(pod(), 'spec', 'containers', 0, 'securityContext')).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('can read every file when it runs as root, and nothing more', () => {
    expect(valueAt(pod({ runAsUser: 0 }), 'spec', 'securityContext', 'runAsNonRoot')).toBe(false);
    expect(
      valueAt(pod({ runAsUser: 0 }), 'spec', 'containers', 0, 'securityContext', 'capabilities'),
    ).toEqual({
      drop: ['ALL'],
      add: ['DAC_READ_SEARCH'],
    });
  });

  it('ends by itself, gets no credentials, and fits into a quota', () => {
    expect(valueAt(pod({ deadlineMs: 90_500 }), 'spec')).toMatchObject({
      restartPolicy: 'Never',
      activeDeadlineSeconds: 91,
      automountServiceAccountToken: false,
    });
    expect(valueAt(pod(), 'spec', 'containers', 0, 'resources')).toMatchObject({
      requests: { cpu: expect.any(String), memory: expect.any(String) },
      limits: { cpu: expect.any(String), memory: expect.any(String) },
    });
  });

  it('takes image, pull secrets, tolerations and node selector from the options', () => {
    const made = pod({
      image: 'reg/bb:1',
      pullSecrets: ['reg'],
      tolerations: [{ operator: 'Exists' }],
      nodeSelector: { disk: 'ssd' },
    });
    expect(valueAt(made, 'spec')).toMatchObject({
      imagePullSecrets: [{ name: 'reg' }],
      tolerations: [{ operator: 'Exists' }],
      nodeSelector: { disk: 'ssd' },
      containers: [{ image: 'reg/bb:1' }],
    });
  });

  it('has a name that a later run finds again, and that is a DNS label', () => {
    expect(verificationName('op-1', end)).toBe(pod().metadata.name);
    expect(verificationName('op-1', end)).toMatch(/^dr-syncer-verify-[0-9a-f]{12}$/);
    expect(verificationName('op-2', end)).not.toBe(verificationName('op-1', end));
    expect(verificationName('op-1', { ...end, namespace: 'dr' })).not.toBe(verificationName('op-1', end));
  });
});

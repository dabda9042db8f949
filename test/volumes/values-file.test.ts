import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { valueAt } from '../../src/kube/raw-json.ts';
import { dialectOf } from '../../src/volumes/mover-dialects.ts';
import { moverValues, moverValuesText } from '../../src/volumes/mover-values-file.ts';
import { options } from './helpers/stand-in.ts';

const v30 = dialectOf({ major: 3, minor: 0, patch: 0 });
const v36 = dialectOf({ major: 3, minor: 6, patch: 1 });

describe('moverValues', () => {
  it('D42: marks every pod as temporary, keeps mesh sidecars out and lets it through default-deny policies', () => {
    for (const part of ['sshd', 'rsync']) {
      expect(valueAt(moverValues(options(), v36), part)).toMatchObject({
        podLabels: { 'dr-syncer.io/temporary': 'true', 'sidecar.istio.io/inject': 'false' },
        podAnnotations: { 'linkerd.io/inject': 'disabled' },
        networkPolicy: { enabled: true },
      });
    }
    expect(valueAt(moverValues(options({ networkPolicies: false }), v36), 'rsync', 'networkPolicy')).toEqual({
      enabled: false,
    });
  });

  it('D7, D42: passes tolerations, node selector, pull secrets and resources to both sides', () => {
    const tolerations = [{ key: 'storage', operator: 'Equal', value: 'a,b', effect: 'NoSchedule' }];
    const values = moverValues(
      options({
        tolerations,
        nodeSelector: { disk: 'ssd' },
        pullSecrets: ['reg'],
        resources: { limits: { cpu: '1' } },
      }),
      v36,
    );
    for (const part of ['sshd', 'rsync']) {
      expect(valueAt(values, part)).toMatchObject({
        tolerations,
        nodeSelector: { disk: 'ssd' },
        imagePullSecrets: [{ name: 'reg' }],
        resources: { limits: { cpu: '1' } },
      });
    }
  });

  it('D44: asks for a context that the restricted pod security level takes', () => {
    const values = moverValues(options({ nonRoot: true }), v36);
    for (const part of ['sshd', 'rsync']) {
      expect(valueAt(values, part, 'securityContext')).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { add: [], drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      });
    }
    expect(valueAt(moverValues(options(), v36), 'sshd', 'securityContext')).toBeUndefined();
  });

  it('D46: limits the bandwidth by a chart value where there is no flag for it', () => {
    const limited = options({ bandwidthKBps: 700 });
    expect(valueAt(moverValues(limited, v30), 'rsync', 'extraArgs')).toBe('--bwlimit=700');
    expect(valueAt(moverValues(limited, v36), 'rsync', 'extraArgs')).toBeUndefined();
  });

  it('D7: is YAML in which labels stay strings', () => {
    const text = moverValuesText(options(), v36);
    expect(parse(text)).toEqual(moverValues(options(), v36));
    expect(text).toContain('dr-syncer.io/temporary: "true"');
  });
});

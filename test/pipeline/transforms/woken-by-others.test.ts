import { describe, expect, it } from 'vitest';
import { wokenByOthers } from '../../../src/pipeline/transforms/woken-by-others.ts';
import { object } from '../../helpers/objects.ts';
import { transformed } from '../../helpers/transforms.ts';

const job = (metadata: object) => object('batch/v1', 'Job', 'train', { metadata: { ...metadata } });

describe('wokenByOthers', () => {
  it.each([
    [{ labels: { 'kueue.x-k8s.io/queue-name': 'team-a' } }, 'labels["kueue.x-k8s.io/queue-name"]', 'Kueue'],
    [
      { annotations: { 'downscaler/original-replicas': '3', 'downscaler/uptime': 'Mon-Fri' } },
      'annotations["downscaler/original-replicas"]',
      'kube-downscaler',
    ],
    [
      { annotations: { 'idling.alpha.openshift.io/idled-at': 'x' } },
      'annotations["idling.alpha.openshift.io/idled-at"]',
      'OpenShift',
    ],
    [{ labels: { 'sablier.enable': 'true' } }, 'labels["sablier.enable"]', 'Sablier'],
  ])('T13: keeps %j and warns of it once', (metadata, path, who) => {
    const source = job(metadata);
    const { desired, heads, notes } = transformed(source, [wokenByOthers]);
    expect(desired).toEqual(source);
    expect(heads).toEqual([`warn metadata.${path}`]);
    expect(notes[0]?.message).toContain(who);
    expect(notes[0]?.message).toContain('the parked Job');
  });

  it('T13: says nothing of other marks', () => {
    const metadata = {
      labels: { 'kueue.x-k8s.io/priority-class': 'x' },
      annotations: { 'team/downscaler': 'x' },
    };
    expect(transformed(job(metadata), [wokenByOthers]).heads).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { COPIED_REVISION } from '../../../src/common/annotations.ts';
import type { JsonObject } from '../../../src/kube/api-types.ts';
import { copiedRevision } from '../../../src/pipeline/transforms/copied-revision.ts';
import { job } from '../../../src/pipeline/transforms/job.ts';
import { images, mapImage } from '../../../src/pipeline/transforms/map-images.ts';
import { marks } from '../../../src/pipeline/transforms/marks.ts';
import { pausedRollout } from '../../../src/pipeline/transforms/paused-rollout.ts';
import { object } from '../../helpers/objects.ts';
import { specAfter, transformContext, transformed } from '../../helpers/transforms.ts';

describe('paused-rollout', () => {
  it.each([
    ['apps/v1', 'Deployment'],
    ['argoproj.io/v1alpha1', 'Rollout'],
    ['apps.openshift.io/v1', 'DeploymentConfig'],
  ])('T73: %s %s is not paused in the copy, and that is said', (apiVersion, kind) => {
    const paused = object(apiVersion, kind, 'web', { spec: { paused: true, replicas: 2 } });
    const { desired, heads } = transformed(paused, [pausedRollout]);
    expect(desired['spec']).toEqual({ replicas: 2 });
    expect(heads).toEqual(['warn spec.paused']);
  });

  it('T73: nothing is said of one that is not paused', () => {
    const plain = object('apps/v1', 'Deployment', 'web', { spec: { paused: false, replicas: 2 } });
    expect(transformed(plain, [pausedRollout])).toMatchObject({ desired: plain, heads: [] });
  });
});

describe('copied-revision', () => {
  const marked = object('apps/v1', 'Deployment', 'web', {
    metadata: { annotations: { [COPIED_REVISION]: 'web-abc', note: 'x' } },
  });

  it('T74: a copy of an older revision says which one it is', () => {
    const { desired, heads } = transformed(marked, [marks, copiedRevision], { servingRevisions: true });
    expect(desired.metadata.annotations).toMatchObject({ [COPIED_REVISION]: 'web-abc', note: 'x' });
    expect(heads).toEqual(['warn spec.template']);
  });

  it('T74: a source that was such a copy itself hands nothing of it on', () => {
    const { desired, heads } = transformed(marked, [marks, copiedRevision]);
    expect(desired.metadata.annotations).not.toHaveProperty([COPIED_REVISION]);
    expect(heads).toEqual([]);
  });
});

describe('job', () => {
  const generated = {
    'controller-uid': 'u',
    'batch.kubernetes.io/controller-uid': 'u',
    'job-name': 'load',
    'batch.kubernetes.io/job-name': 'load',
  };
  const source = (spec: JsonObject) =>
    object('batch/v1', 'Job', 'load', {
      metadata: { labels: { ...generated, app: 'load' } },
      spec: { ...spec, template: { metadata: { labels: { ...generated, app: 'load' } } } },
    });
  const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } };

  it('T68: drops the selector and labels that came from the UID', () => {
    const { desired } = transformed(source({ selector, completions: 1 }), [job]);
    expect(desired.metadata.labels).toEqual({ app: 'load' });
    expect(desired['spec']).toEqual({ completions: 1, template: { metadata: { labels: { app: 'load' } } } });
  });

  it('T68: drops a selector that manualSelector false does not protect', () => {
    expect(specAfter(source({ selector, manualSelector: false }), [job])).not.toHaveProperty('selector');
  });

  it('T68: keeps a Job with a manual selector as it is', () => {
    const manual = source({ selector: { matchLabels: { app: 'load' } }, manualSelector: true });
    expect(transformed(manual, [job]).desired).toEqual(manual);
  });

  it('T68: leaves no empty labels behind', () => {
    const bare = object('batch/v1', 'Job', 'load', {
      spec: { template: { metadata: { labels: generated } } },
    });
    expect(specAfter(bare, [job])).toEqual({ template: { metadata: {} } });
  });
});

describe('mapImage', () => {
  const context = transformContext({
    imageMap: new Map([
      ['registry.a.com/team', 'registry.b.com/team'],
      ['registry.a.com/team/special', 'elsewhere.com/special'],
      ['registry.c.com', 'mirror.b.com/c'],
      ['docker.io/', 'mirror.b.com/hub/'],
    ]),
  });

  it.each([
    ['registry.a.com/team/web:1', 'registry.b.com/team/web:1'],
    ['registry.a.com/team/web@sha256:ab', 'registry.b.com/team/web@sha256:ab'],
    ['registry.a.com/team/special:2', 'elsewhere.com/special:2'],
    ['registry.c.com/x', 'mirror.b.com/c/x'],
    ['docker.io/library/nginx', 'mirror.b.com/hub/library/nginx'],
    ['nginx:1.25', 'mirror.b.com/hub/library/nginx:1.25'],
    ['grafana/grafana', 'mirror.b.com/hub/grafana/grafana'],
  ])('T69: %s becomes %s', (image, expected) => {
    expect(mapImage(image, context)).toBe(expected);
  });

  it.each([
    ['registry.a.com/team2/web:1', 'half a path component'],
    ['registry.c.com:5000/x', 'another port of the host'],
    ['other.com/registry.a.com/team/web', 'the prefix in the middle'],
    ['localhost/x', 'the local registry'],
  ])('T69: %s stays: %s is no prefix', (image) => {
    expect(mapImage(image, context)).toBe(image);
  });

  const INTERNAL = 'image-registry.openshift-image-registry.svc:5000';

  it('T81: moves images of the internal registry to the renamed namespace', () => {
    expect(mapImage(`${INTERNAL}/shop/web:1`, context)).toBe(`${INTERNAL}/shop-dr/web:1`);
    expect(mapImage(`${INTERNAL}/openshift/ruby:3`, context)).toBe(`${INTERNAL}/openshift/ruby:3`);
    expect(mapImage('quay.io/shop/web:1', context)).toBe('quay.io/shop/web:1');
  });
});

describe('images', () => {
  const imageMap = new Map([['a.com', 'b.com']]);
  const pod = {
    containers: [{ name: 'a', image: 'a.com/x' }],
    initContainers: [{ name: 'b', image: 'a.com/y' }],
    ephemeralContainers: [{ name: 'c', image: 'a.com/z' }],
    volumes: [{ name: 'v', image: { reference: 'a.com/v' } }],
  };
  const mapped = JSON.parse(JSON.stringify(pod).replaceAll('a.com', 'b.com')) as JsonObject;

  it.each([
    ['apps/v1', 'Deployment', (spec: JsonObject) => ({ template: { spec } })],
    ['batch/v1', 'CronJob', (spec: JsonObject) => ({ jobTemplate: { spec: { template: { spec } } } })],
    ['argoproj.io/v1alpha1', 'Rollout', (spec: JsonObject) => ({ template: { spec } })],
    ['v1', 'Pod', (spec: JsonObject) => spec],
  ])('T69: maps every image of a %s %s', (apiVersion, kind, wrap) => {
    const source = object(apiVersion, kind, 'web', { spec: wrap(pod) });
    expect(specAfter(source, [images], { imageMap })).toEqual(wrap(mapped));
  });

  it('T69: leaves a template alone that is not a pod', () => {
    const source = object('example.com/v1', 'Card', 'c', {
      spec: { template: { spec: { image: 'a.com/x' } } },
    });
    expect(transformed(source, [images], { imageMap }).desired).toEqual(source);
  });
});

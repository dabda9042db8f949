import { describe, expect, test } from 'vitest';
import { PARKED_NODE } from '../../src/common/annotations.ts';
import type { JsonObject, KubeObject } from '../../src/kube/api-types.ts';
import { nodeFindings } from '../../src/needs/node-label-needs.ts';
import { nodeDemand } from '../../src/needs/node-match.ts';
import { podNotes } from '../../src/needs/pod-notes.ts';
import { templatesOf } from '../../src/needs/pod-templates-of.ts';
import { applyPark, planPark, stripParkFields } from '../../src/workloads/park.ts';
import { object } from '../helpers/objects.ts';
import { clusterObject, names, template } from './samples.ts';

const node = (name: string, labels: JsonObject = {}): KubeObject =>
  clusterObject('v1', 'Node', name, { metadata: { labels } });
const affinity = (...terms: JsonObject[]): JsonObject => ({
  affinity: {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
  },
});
const expressions = (...items: JsonObject[]): JsonObject => ({ matchExpressions: items });

const NODES = [node('n1', { zone: 'a', size: '4' }), node('n2', { zone: 'b', disk: 'ssd', size: '8' })];

describe('what pods demand of nodes', () => {
  test.each<[string, JsonObject, string[]]>([
    ['a nodeSelector', { nodeSelector: { zone: 'a' } }, ['n1']],
    ['two labels on one node', { nodeSelector: { zone: 'b', disk: 'ssd' } }, ['n2']],
    ['two labels that no node has together', { nodeSelector: { zone: 'a', disk: 'ssd' } }, []],
    ['nodeName', { nodeName: 'n2' }, ['n2']],
    ['In', affinity(expressions({ key: 'zone', operator: 'In', values: ['b', 'c'] })), ['n2']],
    ['NotIn', affinity(expressions({ key: 'disk', operator: 'NotIn', values: ['ssd'] })), ['n1']],
    ['Exists', affinity(expressions({ key: 'disk', operator: 'Exists' })), ['n2']],
    ['DoesNotExist', affinity(expressions({ key: 'disk', operator: 'DoesNotExist' })), ['n1']],
    ['Gt', affinity(expressions({ key: 'size', operator: 'Gt', values: ['4'] })), ['n2']],
    ['Lt', affinity(expressions({ key: 'size', operator: 'Lt', values: ['8'] })), ['n1']],
    ['an operator that is not known', affinity(expressions({ key: 'x', operator: 'Like' })), ['n1', 'n2']],
    [
      'a field',
      affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }),
      ['n1'],
    ],
    [
      'two expressions of one term',
      affinity(
        expressions({ key: 'zone', operator: 'In', values: ['a'] }, { key: 'disk', operator: 'Exists' }),
      ),
      [],
    ],
    [
      'two terms',
      affinity(
        expressions({ key: 'zone', operator: 'In', values: ['a'] }),
        expressions({ key: 'disk', operator: 'Exists' }),
      ),
      ['n1', 'n2'],
    ],
    ['an empty term', affinity({}), []],
    [
      'a selector and a term',
      { nodeSelector: { zone: 'a' }, ...affinity(expressions({ key: 'disk', operator: 'Exists' })) },
      [],
    ],
  ])('T69: %s', (_, spec, expected) => {
    const demand = nodeDemand(spec);
    expect(NODES.filter((item) => demand?.matches(item)).map(({ metadata }) => metadata.name)).toEqual(
      expected,
    );
  });

  test('T69: preferred affinity and tolerations demand nothing', () => {
    const preferred = {
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{}] } },
    };
    expect(nodeDemand({ ...preferred, tolerations: [{ operator: 'Exists' }] })).toBeUndefined();
  });
});

describe('demands that no node meets', () => {
  test('T69: are one warning each, with all workloads and the next command', () => {
    const gpu = { nodeSelector: { gpu: 'a100' } };
    const findings = nodeFindings(
      names,
      [
        template('web', gpu),
        template('api', gpu),
        template('ok', { nodeSelector: { zone: 'a' } }),
        template('any'),
      ],
      NODES,
    );
    expect(findings).toEqual([
      {
        level: 'warn',
        id: 'node-labels-missing',
        subject: 'gpu=a100',
        message:
          'No node of context west matches gpu=a100, which is required by Deployment api and Deployment web in ' +
          'namespace shop-dr: its pods stay Pending unless such a node is added. List the labels with: kubectl ' +
          '--context west get nodes --show-labels',
      },
    ]);
  });
});

describe('the templates of parked DaemonSets', () => {
  const daemonSet = (nodeSelector?: JsonObject): KubeObject =>
    object('apps/v1', 'DaemonSet', 'agent', {
      spec: {
        template: {
          spec: { containers: [{ name: 'a' }], ...(nodeSelector === undefined ? {} : { nodeSelector }) },
        },
      },
    });

  test.each([[{ zone: 'a' }], [undefined]])(
    'T22: running with %j, a parked one demands just that',
    (selector) => {
      const source = daemonSet(selector);
      const plan = planPark(source);
      if (plan === undefined) throw new Error('a DaemonSet must be parkable');
      const created = applyPark(source, plan);
      expect(JSON.stringify(created)).toContain(PARKED_NODE);
      const selectors = (desired: KubeObject, sources: KubeObject[]) =>
        templatesOf([desired], sources).map(({ spec }) => spec['nodeSelector']);
      expect(selectors(created, [])).toEqual([selector]);
      // A later update leaves record and selector to the parking manager, and the source may itself be parked.
      expect(selectors(stripParkFields(created, plan), [source])).toEqual([selector]);
      expect(selectors(stripParkFields(created, plan), [created])).toEqual([selector]);
    },
  );
});

describe('what pods use of their surroundings', () => {
  const codes = (spec: JsonObject): string[] =>
    podNotes(names, [template('web', spec)]).map(({ level, id, subject }) => `${level} ${id} ${subject}`);

  test.each<[string, JsonObject, string[]]>([
    ['hostPath', { volumes: [{ hostPath: { path: '/var/log' } }] }, ['info host-path-volume Deployment web']],
    ['NFS', { volumes: [{ nfs: { server: 'nas', path: '/x' } }] }, ['info nfs-volume Deployment web']],
    ['inline CSI', { volumes: [{ csi: { driver: 'd' } }] }, ['info csi-inline-volume Deployment web']],
    ['a scheduler', { schedulerName: 'volcano' }, ['info scheduler-not-default Deployment web']],
    [
      'scheduling gates',
      { schedulingGates: [{ name: 'example.com/quota' }] },
      ['warn scheduling-gates Deployment web'],
    ],
    ['the default scheduler', { schedulerName: 'default-scheduler' }, []],
    ['volumes of the namespace', { volumes: [{ emptyDir: {} }, { configMap: { name: 'c' } }] }, []],
  ])('T69: %s', (_, spec, expected) => {
    expect(codes(spec)).toEqual(expected);
  });

  test('T69: several volumes of one kind are one finding that names them', () => {
    const [finding, ...rest] = podNotes(names, [
      template('web', {
        volumes: [{ nfs: { server: 'nas', path: '/b' } }, { nfs: { server: 'nas', path: '/a' } }],
      }),
    ]);
    expect(rest).toEqual([]);
    expect(finding?.message).toContain('nas:/a and nas:/b');
  });
});

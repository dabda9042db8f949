import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StageResult } from '../../../src/stage/stage-types.ts';
import {
  api,
  applyObject,
  applyYaml,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  patchJson,
  type Side,
  waitUntil,
} from '../../cluster/client.ts';
import { type Copy, copyOf } from '../../helpers/copy.ts';
import { rolesFor } from '../../helpers/preflight.ts';
import { asAccount, findingsOf, notesOf, rowOf, stageNamespace, stageWell } from '../../helpers/stage.ts';

/** Part of the names of all that is not in a namespace. */
const id = freshNamespace('needs');
let copy: Copy;

beforeAll(async () => {
  copy = await copyOf('needs', {
    yaml: OBJECTS,
    prepare: async (source) => {
      await applyObject('source', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: source, ...MARKS },
      });
      await createNamespace('source', `${id}-other`);
      await applyYaml('source', undefined, outside(source));
      await waitUntil('the dead API to be noticed', async () => {
        const found = await getJson('source', 'APIService', `v1.${id}.example.com`);
        return found.status?.conditions?.some(({ status }: { status: string }) => status === 'False');
      });
    },
  });
});

afterAll(async () => {
  await deleteJson('source', 'APIService', `v1.${id}.example.com`);
  await deleteJson('source', 'ValidatingWebhookConfiguration', id);
  await deleteJson('source', 'MutatingWebhookConfiguration', id);
  await deleteJson('source', 'ClusterRoleBinding', id);
  await deleteJson('source', 'ClusterRole', id);
  await deleteJson('source', 'Namespace', `${id}-other`);
});

describe('the namespace', () => {
  it('F50: is made with the user’s labels and annotations, and without those of the source cluster', async () => {
    const { metadata } = await getJson('dest', 'Namespace', copy.dest);
    expect(metadata.labels).toEqual({
      'kubernetes.io/metadata.name': copy.dest,
      'pod-security.kubernetes.io/enforce': 'baseline',
      'istio-injection': 'enabled',
      team: 'blue',
      'dr-syncer.io/managed': 'true',
    });
    expect(metadata.annotations).toEqual({
      'example.com/contact': 'ops@example.com',
      'dr-syncer.io/source-cluster': copy.result.source.context,
      'dr-syncer.io/source-namespace': copy.source,
    });
  });

  it('F50, F51: is not overwritten where it exists, and a stricter level or other user ids are reported', async () => {
    const dest = `${id}-strict`;
    await createNamespace('dest', dest, { 'pod-security.kubernetes.io/enforce': 'restricted', own: 'yes' });
    const result = await stageNamespace(copy.source, { dest, types: CONFIG });
    expect(result.outcome).toBe('ok');
    const { metadata } = await getJson('dest', 'Namespace', dest);
    expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted', own: 'yes' });
    expect(metadata.labels.team).toBeUndefined();
    expect(findingsOf(result, 'namespace-pod-security')).toHaveLength(1);
    const [uids] = findingsOf(result, 'namespace-uid-range');
    expect(uids?.message).toContain('1000650000/10000');
  });

  it('F50: is refused while it is being deleted', async () => {
    const dest = `${id}-going`;
    await createNamespace('dest', dest);
    const held = { name: 'held', namespace: dest, finalizers: ['example.com/hold'] };
    await applyObject('dest', { apiVersion: 'v1', kind: 'ConfigMap', metadata: held });
    await deleteJson('dest', 'Namespace', dest);
    try {
      await expect(stageNamespace(copy.source, { dest })).rejects.toMatchObject({
        exit: 'refused',
        message: expect.stringContaining(`Namespace ${dest} `),
      });
    } finally {
      await patchJson('dest', 'ConfigMap', 'held', dest, { metadata: { finalizers: null } });
    }
  });

  it('F60: is refused as its own destination', async () => {
    await expect(stageNamespace(copy.source, { sameCluster: true })).rejects.toMatchObject({
      exit: 'usage',
      message: expect.stringContaining('same cluster'),
    });
  });
});

describe('what is outside the namespace', () => {
  it('F56: a ClusterRole that the destination lacks is refused before anything is written', async () => {
    const dest = `${id}-role`;
    await applyYaml('source', copy.source, BINDING.replaceAll('ROLE', id));
    try {
      const result = await stageNamespace(copy.source, { dest });
      expect(result).toMatchObject({ outcome: 'refused', exitCode: 3 });
      expect(findingsOf(result, 'cluster-role-missing')).toEqual([
        expect.objectContaining({ level: 'refuse', subject: `ClusterRole ${id}` }),
      ]);
      expect(await getJson('dest', 'Namespace', dest)).toBeUndefined();
    } finally {
      await deleteJson('source', 'RoleBinding', 'needs-role', copy.source);
    }
  });

  it('F57: bindings outside the namespace that grant something to it are reported', () => {
    const subjects = findingsOf(copy.result, 'grant-not-copied').map(({ subject }) => subject);
    expect(subjects).toEqual(
      expect.arrayContaining([`ClusterRoleBinding ${id}`, `RoleBinding ${id} in namespace ${id}-other`]),
    );
  });

  it('F58: webhooks and aggregated APIs that lead to its Services are reported, not created', async () => {
    const notCopied = copy.result.findings.filter(({ code }) =>
      /^(webhook|api-service)-not-copied$/.test(code),
    );
    expect(notCopied.map(({ subject }) => subject).sort()).toEqual([
      `APIService v1.${id}.example.com`,
      `MutatingWebhookConfiguration ${id}`,
      `ValidatingWebhookConfiguration ${id}`,
    ]);
    expect(await getJson('dest', 'ValidatingWebhookConfiguration', id)).toBeUndefined();
    expect(await getJson('dest', 'APIService', `v1.${id}.example.com`)).toBeUndefined();
  });

  it('F3: a dead aggregated API is a warning, and the rest is copied', () => {
    expect(copy.result.outcome).toBe('ok');
    const [finding] = findingsOf(copy.result, 'api-group-unavailable').filter(({ subject }) =>
      subject.includes(id),
    );
    expect(finding).toMatchObject({ level: 'warn', subject: `${id}.example.com/v1` });
    expect(copy.result.types.failedGroups).toContainEqual(
      expect.objectContaining({ groupVersion: `${id}.example.com/v1`, side: 'source' }),
    );
  });
});

describe('with --include-cluster-needs', () => {
  const group = `${id}.example.org`;
  const plural = `gadgets.${group}`;
  const all = { clusterNeeds: true, custom: true } as const;
  let source: string;
  let dest: string;
  let first: StageResult;

  beforeAll(async () => {
    source = freshNamespace('needs-all');
    dest = freshNamespace('needs-all-dr');
    await createNamespace('source', source);
    await applyYaml('source', source, needed(source));
    await applyObject('dest', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: `${id}-there` },
      value: 7,
    });
    await served('source', group);
    await applyYaml('source', source, gadget(group));
    const dry = await stageNamespace(source, { dest, ...all, dryRun: true });
    expect(dry).toMatchObject({ outcome: 'ok', requests: { dest: { writes: 0 } } });
    expect(wideRows(dry)).toEqual(EXPECTED.map((name) => `${name} created`));
    expect(rowOf(dry, 'Gadget', 'one')).toMatchObject({
      action: 'created',
      reason: expect.stringContaining('before its CustomResourceDefinition exists'),
    });
    expect(await getJson('dest', 'Namespace', dest)).toBeUndefined();
    first = await stageNamespace(source, { dest, ...all });
  });

  afterAll(async () => {
    for (const side of ['source', 'dest'] as const) {
      await deleteJson(side, 'CustomResourceDefinition', plural);
      for (const name of ['own', 'view']) await deleteJson(side, 'ClusterRoleBinding', `${id}-${name}`);
      for (const name of ['own', 'bound', 'shared', 'asked'])
        await deleteJson(side, 'ClusterRole', `${id}-${name}`);
      for (const name of ['new', 'there']) await deleteJson(side, 'PriorityClass', `${id}-${name}`);
      await deleteJson(side, 'RuntimeClass', id);
      for (const name of ['plain', 'tuned']) await deleteJson(side, 'IngressClass', `${id}-${name}`);
    }
  });

  const EXPECTED = [
    `CustomResourceDefinition ${plural}`,
    `ClusterRole ${id}-bound`,
    `ClusterRole ${id}-own`,
    `PriorityClass ${id}-new`,
    `RuntimeClass ${id}`,
    `IngressClass ${id}-plain`,
    `ClusterRoleBinding ${id}-own`,
  ];

  it('F61: a definition comes over in all versions, and its custom resources in the same run', async () => {
    expect(first.outcome, first.summary).toBe('ok');
    expect(wideRows(first)).toEqual(EXPECTED.map((name) => `${name} created`));
    expect(first.totals.created).toBe(first.objects.filter(({ action }) => action === 'created').length - 1);
    const { metadata, spec } = await getJson('dest', 'CustomResourceDefinition', plural);
    expect(metadata.labels).toEqual({ team: 'blue', 'dr-syncer.io/managed': 'true' });
    expect(metadata.annotations).toMatchObject({ 'dr-syncer.io/source-namespace': source });
    expect(metadata.managedFields[0].manager).toBe('dr-syncer');
    expect(spec.versions.map(({ name, served }: Json) => [name, served])).toEqual([
      ['v1', true],
      ['v1alpha1', false],
    ]);
    expect(spec.conversion).toEqual({ strategy: 'None' });
    expect(rowOf(first, 'Gadget', 'one').action).toBe('created');
    expect((await getJson('dest', `${group}/v1/Gadget`, 'one', dest)).spec).toEqual({ size: 3 });
  });

  it('F62: roles and grants come over for the ServiceAccounts of the namespace alone', async () => {
    const binding = await getJson('dest', 'ClusterRoleBinding', `${id}-own`);
    expect(binding.subjects).toEqual([{ kind: 'ServiceAccount', name: 'app', namespace: dest }]);
    const [bound, own] = [
      await getJson('dest', 'ClusterRole', `${id}-bound`),
      await getJson('dest', 'ClusterRole', `${id}-own`),
    ];
    expect(bound.rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
    expect(bound.metadata.labels).toEqual({ 'dr-syncer.io/managed': 'true' });
    expect(own.rules).toEqual([{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }]);
    expect(notesOf(rowOf(first, 'ClusterRole', `${id}-own`)).join()).toContain('list nodes');
    // A binding to a role of Kubernetes itself stays a report.
    expect(findingsOf(first, 'grant-not-copied').map(({ subject }) => subject)).toEqual([
      `ClusterRoleBinding ${id}-view`,
    ]);
    expect(await getJson('dest', 'ClusterRoleBinding', `${id}-view`)).toBeUndefined();
    expect(findingsOf(first, 'cluster-role-missing')).toEqual([]);
  });

  it('F63: classes come over and are no default; one with parameters is left, with a warning', async () => {
    expect(await getJson('dest', 'PriorityClass', `${id}-new`)).toMatchObject({ value: 5 });
    expect((await getJson('dest', 'RuntimeClass', id)).handler).toBe('special');
    const { metadata } = await getJson('dest', 'IngressClass', `${id}-plain`);
    expect(metadata.annotations['ingressclass.kubernetes.io/is-default-class']).toBeUndefined();
    expect(await getJson('dest', 'IngressClass', `${id}-tuned`)).toBeUndefined();
    expect(findingsOf(first, 'cluster-need-left')).toEqual([
      expect.objectContaining({ level: 'warn', subject: `IngressClass ${id}-tuned` }),
    ]);
    expect(findingsOf(first, 'ingress-class-missing').map(({ subject }) => subject)).toEqual([
      `IngressClass ${id}-tuned`,
    ]);
  });

  it('F64: what exists is never changed, and a second run writes nothing', async () => {
    expect(await getJson('dest', 'PriorityClass', `${id}-there`)).toMatchObject({ value: 7 });
    await patchJson('dest', 'ClusterRole', `${id}-own`, undefined, { rules: [] });
    await patchJson('source', 'ClusterRoleBinding', `${id}-own`, undefined, {
      subjects: ['app', 'late'].map((name) => ({ kind: 'ServiceAccount', name, namespace: source })),
    });
    await applyObject(
      'source',
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'late' } },
      source,
    );
    await stageWell(source, { dest, custom: true });
    const again = await stageWell(source, { dest, ...all });
    expect(again.requests.dest.writes).toBe(0);
    expect(wideRows(again)).toEqual([]);
    expect((await getJson('dest', 'ClusterRole', `${id}-own`)).rules ?? []).toEqual([]);
    expect((await getJson('dest', 'ClusterRoleBinding', `${id}-own`)).subjects).toHaveLength(1);
    expect(findingsOf(again, 'cluster-need-left').map(({ subject }) => subject)).toContain(
      `ClusterRoleBinding ${id}-own`,
    );
  });

  it('F61: a definition that converts by a webhook is refused, and nothing is changed', async () => {
    const converted = `converted.${group}`;
    const other = freshNamespace('needs-converted');
    await createNamespace('source', other);
    await applyYaml('source', undefined, definition(group, 'Converted', 'converted', CONVERSION));
    try {
      await served('source', group, 'converted');
      const thing = { apiVersion: `${group}/v1`, kind: 'Converted', metadata: { name: 'one' } };
      await applyObject('source', thing, other);
      const result = await stageNamespace(other, all);
      expect(result).toMatchObject({ outcome: 'refused', exitCode: 3, requests: { dest: { writes: 0 } } });
      expect(rowOf(result, 'Converted', 'one').reason).toMatch(
        /serves v1 and v1alpha1 and converts .* webhook/,
      );
      expect(await getJson('dest', 'CustomResourceDefinition', converted)).toBeUndefined();
    } finally {
      await deleteJson('source', 'CustomResourceDefinition', converted);
    }
  });

  it('F64: a role that gives more than we have is refused before anything is written, and made as soon as we have it', async () => {
    const other = freshNamespace('needs-grants');
    const limited = await limitedDest(['*'], ['*']);
    await createNamespace('source', other);
    await applyYaml('source', other, BINDING.replaceAll('ROLE', `${id}-shared`));
    await applyYaml('dest', limited, creator(limited));
    try {
      await asAccount('dest', limited, 'writer', async (kubeconfig) => {
        const flags = { dest: limited, kubeconfig: { dest: kubeconfig }, clusterNeeds: true };
        const result = await stageNamespace(other, flags);
        expect(result).toMatchObject({ outcome: 'refused', exitCode: 3, requests: { dest: { writes: 0 } } });
        expect(rowOf(result, 'ClusterRole', `${id}-shared`)).toMatchObject({
          action: 'refused',
          reason: expect.stringMatching(
            /attempting to grant RBAC permissions .*dr-syncer asks for no permission/s,
          ),
        });
      });
      expect(await getJson('dest', 'ClusterRole', `${id}-shared`)).toBeUndefined();
      await applyYaml('dest', limited, creator(limited, 'pods'));
      await asAccount('dest', limited, 'writer', async (kubeconfig) => {
        const flags = { dest: limited, kubeconfig: { dest: kubeconfig }, clusterNeeds: true };
        const result = await waitUntil('the server to know the new right', async () => {
          const run = await stageNamespace(other, flags);
          return run.outcome === 'refused' ? undefined : run;
        });
        expect(result.outcome, result.summary).toBe('ok');
        expect(rowOf(result, 'RoleBinding', 'needs-role').action).toBe('created');
      });
    } finally {
      await deleteJson('dest', 'ClusterRoleBinding', limited);
      await deleteJson('dest', 'ClusterRole', limited);
    }
  });

  it('F64: a custom resource that its new definition refuses ends the run part-way: the definition was written', async () => {
    const strict = `strict.${group}`;
    const other = freshNamespace('needs-strict');
    await createNamespace('source', other);
    await applyYaml('source', undefined, definition(group, 'Strict', 'strict'));
    try {
      await served('source', group, 'strict');
      const thing = {
        apiVersion: `${group}/v1`,
        kind: 'Strict',
        metadata: { name: 'one' },
        spec: { size: 3 },
      };
      await applyObject('source', thing, other);
      // What is stored need not fit the schema of today.
      await patchJson('source', 'CustomResourceDefinition', strict, undefined, {
        spec: { versions: definitionVersions({ maximum: 1 }) },
      });
      // Another name each time: what is stored may be applied again as it is.
      await waitUntil('the schema to be in force', () =>
        applyObject('source', { ...thing, metadata: { name: freshNamespace('probe') } }, other).then(
          () => false,
          () => true,
        ),
      );
      const result = await stageNamespace(other, all);
      expect(result).toMatchObject({ outcome: 'partial', exitCode: 4 });
      expect(wideRows(result)).toEqual([`CustomResourceDefinition ${strict} created`]);
      expect(rowOf(result, 'Strict', 'one').action).toBe('refused');
    } finally {
      for (const side of ['source', 'dest'] as const)
        await deleteJson(side, 'CustomResourceDefinition', strict);
    }
  });

  it('F64: a definition that the server does not come to serve is a failure, and stops the rest', async () => {
    const other = freshNamespace('needs-clash');
    await createNamespace('source', other);
    // The destination has that kind already, under another plural.
    await applyYaml('dest', undefined, definition(group, 'Clash', 'taken'));
    await applyYaml('source', undefined, definition(group, 'Clash', 'clashes'));
    try {
      await Promise.all([served('source', group, 'clashes'), served('dest', group, 'taken')]);
      const thing = { apiVersion: `${group}/v1`, kind: 'Clash', metadata: { name: 'one' } };
      await applyObject('source', thing, other);
      const result = await stageNamespace(other, all);
      expect(result).toMatchObject({ outcome: 'partial', exitCode: 4 });
      expect(wideRows(result)).toEqual([`CustomResourceDefinition clashes.${group} failed`]);
      expect(result.objects.find(({ scope }) => scope === 'cluster')?.reason).toContain('already in use');
      expect(rowOf(result, 'Clash', 'one')).toMatchObject({
        action: 'refused',
        reason: 'its CustomResourceDefinition could not be created',
      });
    } finally {
      for (const side of ['source', 'dest'] as const)
        for (const plural of ['taken', 'clashes'])
          await deleteJson(side, 'CustomResourceDefinition', `${plural}.${group}`);
    }
  });

  it('F59: a preflight asks for the rights that it uses, and prints them', async () => {
    const other = freshNamespace('needs-rights');
    await createNamespace('source', other);
    await applyYaml('source', other, BINDING.replaceAll('ROLE', `${id}-asked`));
    const roles = await rolesFor(other, { stage: { clusterNeeds: true } }, 'ann');
    const rules = roles.dest.find(({ kind }) => kind === 'ClusterRole')?.rules ?? [];
    expect(
      rules.filter(({ verbs }) => verbs.includes('create')).flatMap(({ resources }) => resources),
    ).toEqual(expect.arrayContaining(['clusterroles']));
    expect(JSON.stringify(rules)).not.toMatch(/escalate/);
  });
});

describe('rights', () => {
  it('F7: a type that may not be listed stops the run, and is left out and reported with --keep-going', async () => {
    await asAccount('source', copy.source, 'reader', async (kubeconfig) => {
      const flags = { kubeconfig: { source: kubeconfig }, types: CONFIG_AND_SECRETS };
      const refused = await stageNamespace(copy.source, { dest: `${id}-partial`, ...flags });
      expect(refused).toMatchObject({ outcome: 'refused', exitCode: 3 });
      expect(findingsOf(refused, 'type-not-listed')).toEqual([
        expect.objectContaining({ level: 'refuse', subject: 'secrets' }),
      ]);
      const partial = await stageNamespace(copy.source, { dest: `${id}-partial`, keepGoing: true, ...flags });
      expect(partial).toMatchObject({ outcome: 'partial', exitCode: 4 });
      expect(rowOf(partial, 'ConfigMap', 'app').action).toBe('created');
    });
  });

  it('F7: a type that is only looked at, and not copied, stops nothing', async () => {
    await asAccount('source', copy.source, 'config-reader', async (kubeconfig) => {
      const flags = { kubeconfig: { source: kubeconfig }, types: CONFIG };
      const result = await stageNamespace(copy.source, { dest: `${id}-config`, ...flags });
      expect(result.outcome).toBe('ok');
      expect(
        findingsOf(result, 'type-not-listed').map(({ level, subject }) => [level, subject]),
      ).toContainEqual(['warn', 'pods']);
    });
  });

  it('F7, T30: where the destination’s pods may not be seen, not even --keep-going stages over them', async () => {
    const dest = await limitedDest(['configmaps'], ['']);
    await applyYaml('dest', dest, BLIND);
    await asAccount('dest', dest, 'blind', async (kubeconfig) => {
      const flags = { dest, kubeconfig: { dest: kubeconfig }, types: CONFIG, keepGoing: true };
      await expect(stageNamespace(copy.source, flags)).rejects.toMatchObject({
        exit: 'refused',
        message: expect.stringContaining('it is not known whether an application runs there'),
      });
    });
  });

  it('F7: where nothing may be listed, the run is refused', async () => {
    await asAccount('source', copy.source, 'nobody', async (kubeconfig) => {
      await expect(
        stageNamespace(copy.source, { dest: `${id}-nothing`, kubeconfig: { source: kubeconfig } }),
      ).rejects.toMatchObject({ exit: 'refused' });
    });
  });

  it('F59, A29: what we may not write is refused by the dry run, before anything is written', async () => {
    const dest = await limitedDest(['configmaps'], ['']);
    await asAccount('dest', dest, 'writer', async (kubeconfig) => {
      const result = await stageNamespace(copy.source, {
        dest,
        kubeconfig: { dest: kubeconfig },
        types: CONFIG_AND_SECRETS,
      });
      expect(result).toMatchObject({ outcome: 'refused', exitCode: 3, requests: { dest: { writes: 0 } } });
      expect(rowOf(result, 'Secret', 'app')).toMatchObject({
        action: 'refused',
        reason: expect.stringMatching(/cannot patch resource "secrets".*\(403 Forbidden\)/),
      });
    });
    expect(await getJson('dest', 'ConfigMap', 'app', dest)).toBeUndefined();
  });

  it('T65, F59: a role with more rights than ours is refused in the same way', async () => {
    const dest = await limitedDest(['roles'], ['rbac.authorization.k8s.io']);
    await asAccount('dest', dest, 'writer', async (kubeconfig) => {
      const types = { include: ['roles'], exclude: [], customResources: false };
      const result = await stageNamespace(copy.source, { dest, kubeconfig: { dest: kubeconfig }, types });
      expect(result).toMatchObject({ outcome: 'refused', requests: { dest: { writes: 0 } } });
      expect(rowOf(result, 'Role', 'powerful').reason).toContain(
        'is attempting to grant RBAC permissions not currently held',
      );
    });
  });
});

/** `Kind name action` of what is outside all namespaces. */
const wideRows = (result: StageResult): string[] =>
  result.objects
    .filter(({ scope }) => scope === 'cluster')
    .map(({ kind, name, action }) => `${kind} ${name} ${action}`);

const served = (side: Side, group: string, plural = 'gadgets'): Promise<unknown> =>
  waitUntil(`${plural}.${group} to be served`, async () => {
    const { status, body } = await api(side)('GET', `/apis/${group}/v1`);
    return status === 200 && body.resources.some(({ name }: Json) => name === plural);
  });

const definitionVersions = (size: object, alphaServed = false): Json[] =>
  ['v1', 'v1alpha1'].map((name) => ({
    name,
    served: name === 'v1' || alphaServed,
    storage: name === 'v1',
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { size: { type: 'integer', ...size } } } },
      },
    },
  }));

const CONVERSION = {
  strategy: 'Webhook',
  webhook: {
    conversionReviewVersions: ['v1'],
    clientConfig: { service: { name: 'none', namespace: 'default' } },
  },
};

const definition = (group: string, kind: string, plural: string, conversion?: object): string =>
  JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { team: 'blue', 'olm.managed': 'true' },
      annotations: { 'cert-manager.io/inject-ca-from': 'a/b' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: definitionVersions({}, conversion !== undefined),
      ...(conversion === undefined ? {} : { conversion }),
    },
  });

const gadget = (group: string): string => `
apiVersion: ${group}/v1
kind: Gadget
metadata: { name: one }
spec: { size: 3 }`;

// Made by the administrator, so that the account itself has less than the role that it is to create.
const creator = (namespace: string, more = 'namespaces'): string => `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: ${namespace} }
rules:
  - { apiGroups: [""], resources: [namespaces, ${more}], verbs: [get, list] }
  - { apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, clusterrolebindings], verbs: [get, list, create] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: ${namespace} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${namespace} }
subjects: [{ kind: ServiceAccount, name: writer, namespace: ${namespace} }]`;

const needed = (source: string): string => `
${definition(`${id}.example.org`, 'Gadget', 'gadgets')}
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: app }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: ${id}-own, labels: { rbac.authorization.k8s.io/aggregate-to-view: "true" } }
rules: [{ apiGroups: [""], resources: [nodes], verbs: [list] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: ${id}-own }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${id}-own }
subjects:
  - { kind: ServiceAccount, name: app, namespace: ${source} }
  - { kind: ServiceAccount, name: nobody, namespace: ${source} }
  - { kind: ServiceAccount, name: app, namespace: default }
  - { kind: User, apiGroup: rbac.authorization.k8s.io, name: ann }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: ${id}-view }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: app, namespace: ${source} }]
---${BINDING.replaceAll('ROLE', `${id}-bound`)}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: ${id}-new }
value: 5
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: ${id}-there }
value: 6
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: { name: ${id} }
handler: special
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ${id}-plain }
spec: { controller: example.com/plain }
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: ${id}-tuned }
spec: { controller: example.com/tuned, parameters: { apiGroup: example.com, kind: Tuning, name: internal } }
${['new', 'there'].map((name) => workload(name)).join('')}
${['plain', 'tuned'].map((name) => ingress(name)).join('')}`;

const workload = (name: string): string => `
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 0
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      serviceAccountName: app
      priorityClassName: ${id}-${name}
      ${name === 'new' ? `runtimeClassName: ${id}` : 'restartPolicy: Always'}
      containers: [{ name: app, image: nginx }]`;

const ingress = (name: string): string => `
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name} }
spec:
  ingressClassName: ${id}-${name}
  rules:
    - host: ${name}.${id}.example.org
      http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] }`;

const CONFIG = { include: ['configmaps'], exclude: [], customResources: false };
const CONFIG_AND_SECRETS = { include: ['configmaps', 'secrets'], exclude: [], customResources: false };

const MARKS = {
  labels: {
    'pod-security.kubernetes.io/enforce': 'baseline',
    'istio-injection': 'enabled',
    team: 'blue',
    'field.cattle.io/projectId': 'p-1',
  },
  annotations: {
    'example.com/contact': 'ops@example.com',
    'openshift.io/sa.scc.uid-range': '1000650000/10000',
    'field.cattle.io/projectId': 'c-1:p-1',
    'lifecycle.cattle.io/create.namespace-auth': 'true',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
  },
};

/** A namespace of the destination with an account that may write some resources and read the others. */
const limitedDest = async (resources: readonly string[], groups: readonly string[]): Promise<string> => {
  const dest = freshNamespace('needs-limited');
  await createNamespace('dest', dest);
  await applyYaml(
    'dest',
    dest,
    LIMITED.replace('RESOURCES', JSON.stringify(resources)).replace('GROUPS', JSON.stringify(groups)),
  );
  return dest;
};

const account = (name: string): string => `
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name} }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: ${name} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${name} }
subjects: [{ kind: ServiceAccount, name: ${name} }]`;

const LIMITED = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: writer }
rules:
  - { apiGroups: ["*"], resources: ["*"], verbs: [get, list] }
  - { apiGroups: GROUPS, resources: RESOURCES, verbs: [create, patch, update, delete] }
${account('writer')}`;

const BLIND = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: blind }
rules: [{ apiGroups: [""], resources: [namespaces, configmaps], verbs: [get, list, create, patch] }]
${account('blind')}`;

const OBJECTS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: app }
---
apiVersion: v1
kind: Secret
metadata: { name: app }
---
apiVersion: v1
kind: Service
metadata: { name: hook }
spec: { selector: { app: hook }, ports: [{ port: 443 }] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: powerful }
rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules:
  - { apiGroups: [""], resources: [namespaces, configmaps, pods, services], verbs: [get, list] }
  - { apiGroups: [apps, batch], resources: [replicasets, jobs], verbs: [get, list] }
${account('reader')}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: config-reader }
rules: [{ apiGroups: [""], resources: [namespaces, configmaps], verbs: [get, list] }]
${account('config-reader')}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: nobody }
rules: [{ apiGroups: [""], resources: [namespaces], verbs: [get] }]
${account('nobody')}
`;

const BINDING = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: ROLE }
rules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: needs-role }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ROLE }
`;

// The webhooks look at a group that does not exist, so that they are in nobody's way.
const outside = (source: string): string => `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: ${id} }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: User, apiGroup: rbac.authorization.k8s.io, name: "system:serviceaccount:${source}:hook" }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: ${id}, namespace: ${id}-other }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view }
subjects: [{ kind: ServiceAccount, name: hook, namespace: ${source} }]
${['Validating', 'Mutating']
  .map(
    (word) => `
---
apiVersion: admissionregistration.k8s.io/v1
kind: ${word}WebhookConfiguration
metadata: { name: ${id} }
webhooks:
  - name: hook.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    clientConfig: { service: { name: hook, namespace: ${source} } }
    rules: [{ apiGroups: [none.example.com], apiVersions: [v1], operations: [CREATE], resources: [nothings] }]`,
  )
  .join('')}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1.${id}.example.com }
spec:
  group: ${id}.example.com
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 10
  insecureSkipTLSVerify: true
  service: { name: hook, namespace: ${source} }
`;

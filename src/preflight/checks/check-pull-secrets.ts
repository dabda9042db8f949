import { kubectl } from '../../common/command-line.ts';
import { nameList } from '../../common/sentences.ts';
import { hasStatus } from '../../kube/api-errors.ts';
import type { KubeObject, ResourceType } from '../../kube/api-types.ts';
import { mapBounded } from '../../kube/map-bounded.ts';
import { groupKind, objectName } from '../../kube/object-names.ts';
import { objectsAt, stringAt } from '../../kube/raw-json.ts';
import { CONFIG_MAPS } from '../../kube/well-known.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { type Use, usersByName } from '../../needs/users-by-name.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';

/** Whether the Secrets with which images are pulled are there, or are staged on the way. */
export const checkPullSecrets: CheckRow = {
  id: 'pull-secrets',
  passed: 'Every image pull secret exists.',
  run: async (context) => {
    const { to, copy, input } = context;
    const staged = new Set(
      (copy?.prepared ?? []).flatMap(({ item, source }) =>
        item !== undefined && groupKind(source) === 'Secret' ? [source.metadata.name] : [],
      ),
    );
    const open = usersByName(pullSecretsOf(context).filter(({ name }) => !staged.has(name)));
    const rows = await mapBounded(open, input.options.concurrency, async ([name, users]) => {
      const ref = { type: SECRETS, namespace: to.side.namespace, name };
      try {
        const found = await to.side.cluster.get(ref, { signal: input.signal });
        return found === undefined ? [missingSecret(context, name, users)] : [];
      } catch (error) {
        if (!hasStatus(error, 403)) throw error;
        return [
          finding(
            'pull-secrets',
            'unknown',
            `Secret ${name}`,
            `Secret ${name} of ${whereIs(to.side)}, which pulls the images of ${nameList(users)}, cannot be read.`,
          ),
        ];
      }
    });
    return rows.flat();
  },
};

/** The pull secrets that templates and their ServiceAccounts name, with who needs them. Pure. */
export const pullSecretsOf = ({
  starters,
  to,
  copy,
}: Pick<CheckContext, 'starters' | 'to' | 'copy'>): Use[] => {
  const accounts = new Map<string, KubeObject>();
  for (const object of to.objects)
    if (object.kind === 'ServiceAccount') accounts.set(object.metadata.name, object);
  for (const { item } of copy?.prepared ?? []) {
    const object = item?.content ?? item?.live;
    if (object?.kind === 'ServiceAccount') accounts.set(object.metadata.name, object);
  }
  return starters.flatMap(({ object, template: { spec } }) => {
    const account = accounts.get(stringAt(spec, 'serviceAccountName') ?? 'default');
    // The server takes the account's secrets only for pods that name none themselves.
    const own = objectsAt(spec, 'imagePullSecrets');
    return (own.length > 0 ? own : objectsAt(account, 'imagePullSecrets')).flatMap((item): Use[] => {
      const name = stringAt(item, 'name') ?? '';
      return name === '' ? [] : [{ name, user: objectName(object) }];
    });
  });
};

const missingSecret = ({ to }: CheckContext, name: string, users: readonly string[]): Finding =>
  finding(
    'pull-secrets',
    'warn',
    `Secret ${name}`,
    `Secret ${name}, which pulls the images of ${nameList(users)}, does not exist in ${whereIs(to.side)}: a private image will fail with ErrImagePull.`,
    `Create it there, from a file with the credentials: ${kubectl(to.side, 'create', 'secret', 'docker-registry', name, '--from-file=.dockerconfigjson=config.json')}`,
  );

const SECRETS: ResourceType = {
  ...CONFIG_MAPS,
  resource: 'secrets',
  kind: 'Secret',
  singular: 'secret',
  shortNames: [],
};

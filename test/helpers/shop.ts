import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applyYaml, createNamespace, deleteJson, getJson, type Side, waitUntil } from '../cluster/client.ts';

/** The application of the demo in a namespace of the tests, with a custom type that no other test uses. */
export interface Shop {
  readonly namespace: string;
  /** The group of its Widgets. */
  readonly group: string;
}

/** Puts the demo's application into a fresh namespace of the source and its custom type into both clusters. */
export async function installShop(namespace: string): Promise<Shop> {
  const shop = { namespace, group: `${namespace}.example.com` };
  for (const side of SIDES) {
    await applyYaml(side, undefined, manifests('crds', shop));
    await waitUntil(`the Widget type at the ${side}`, async () => {
      const definition = await getJson(side, CRD, `widgets.${shop.group}`);
      return definition?.status?.conditions?.some(isEstablished);
    });
  }
  await createNamespace('source', namespace);
  await applyYaml('source', namespace, manifests('shop', shop));
  await waitUntil('the application to run', async () => {
    const [web, database, job] = await Promise.all([
      getJson('source', 'Deployment', 'web', namespace),
      getJson('source', 'StatefulSet', 'db', namespace),
      getJson('source', 'Job', 'reindex', namespace),
    ]);
    return (
      web?.status?.readyReplicas === 3 && database?.status?.readyReplicas === 2 && job?.status?.ready === 1
    );
  });
  return shop;
}

/** Takes it away from both clusters. */
export async function removeShop({ namespace, group }: Shop): Promise<void> {
  for (const side of SIDES) {
    await deleteJson(side, 'Namespace', namespace);
    await deleteJson(side, CRD, `widgets.${group}`);
  }
}

const SIDES: readonly Side[] = ['source', 'dest'];
const CRD = 'CustomResourceDefinition';
const DEMO = join(import.meta.dirname, '..', '..', 'demo');

const isEstablished = ({ type, status }: { type: string; status: string }): boolean =>
  type === 'Established' && status === 'True';

function manifests(directory: string, { namespace, group }: Shop): string {
  return readdirSync(join(DEMO, directory))
    .sort()
    .map((file) => readFileSync(join(DEMO, directory, file), 'utf8'))
    .join('\n---\n')
    .replaceAll(/(namespace|name): shop$/gm, `$1: ${namespace}`)
    .replaceAll('demo.example.com', group);
}

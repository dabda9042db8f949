import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { applyObject, getJson, type Json, type Side, waitUntil } from '../cluster/client.ts';

const CRDS = join(import.meta.dirname, '..', '..', 'charts', 'dr-syncer', 'files', 'crds');

/** Installs the custom resources in both clusters, as they are in the chart, and waits until they are served. They stay. */
export const installMappingCrds = async (): Promise<void> => {
  const crds: Json[] = readdirSync(CRDS).map((file) => parse(readFileSync(join(CRDS, file), 'utf8')));
  const sides: readonly Side[] = ['source', 'dest'];
  await Promise.all(
    sides.flatMap((side) =>
      crds.map(async (crd) => {
        await applyObject(side, crd);
        await waitUntil(`${crd.metadata.name} to be served`, async () => {
          const stored = await getJson(side, 'CustomResourceDefinition', crd.metadata.name);
          return stored?.status?.conditions?.some(
            ({ type, status }: Json) => type === 'Established' && status === 'True',
          );
        });
      }),
    ),
  );
};

import { getJson, type Json, patchJson, type Side, waitUntil } from '../cluster/client.ts';

/** Patches a Deployment, and waits until every pod of it is of the new template: an unfinished rollout is a finding. */
export const patchAndRollOut = async (side: Side, name: string, namespace: string, patch: Json) => {
  await patchJson(side, 'Deployment', name, namespace, patch);
  await waitUntil(`Deployment ${name} to be rolled out`, async () => {
    const { metadata, spec, status } = await getJson(side, 'Deployment', name, namespace);
    return (
      status?.observedGeneration === metadata.generation &&
      status.updatedReplicas === spec.replicas &&
      status.availableReplicas === spec.replicas &&
      status.replicas === spec.replicas
    );
  });
};

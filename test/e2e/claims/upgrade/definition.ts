import { z } from 'zod';
import { churnModelCrd } from '../../../../contracts/generate/crd.ts';
import { missingFields } from '../../../../operator/definition/fields.ts';
import { StoredObject } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import type { Kube } from '../../kube.ts';

const Versions = z.looseObject({ spec: z.looseObject({ versions: z.tuple([z.looseObject({ schema: z.looseObject({ openAPIV3Schema: z.unknown() }) })]) }) });
const Definition = StoredObject.extend(Versions.shape);
const DEFINITIONS: ResourceKind<z.infer<typeof Definition>> = {
  group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false, schema: Definition,
};

function schemaOf(definition: unknown): unknown {
  return Versions.parse(definition).spec.versions[0].schema.openAPIV3Schema;
}

/** The custom resource definition in the cluster: who it is, and which fields of this tree's it lacks. */
export async function installedDefinition(kube: Kube): Promise<Readonly<{ uid: string; lacks: readonly string[] }>> {
  const definition = await kube.get(DEFINITIONS, { name: 'churnmodels.churnops.dev' });
  return { uid: definition.metadata.uid, lacks: missingFields(schemaOf(churnModelCrd()), schemaOf(definition)) };
}

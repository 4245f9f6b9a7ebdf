import type { PlatformClaim } from '../context.ts';
import { missingClaim } from './storage/missing-claim.ts';
import { onVolume } from './storage/on-volume.ts';
import { retention } from './storage/retention.ts';

/** Where packages lie, how newer ones are found, and what is deleted. */
export const storage: PlatformClaim = {
  name: 'storage',
  title: 'A model on a volume claim is inspected, served and switched as one on S3; latest finds a newer package by itself, and a bad or half-copied one harms nobody; retention deletes what is expired and nothing else.',
  needs: 'shared',
  run: async (context) => {
    const [volume, deleted] = await Promise.all([onVolume(context), retention(context)]);
    if (context.form === 'full') await missingClaim(context);
    return {
      checks: [],
      figure: `a package copied onto the volume serves ${(volume.tookMs / 1000).toFixed(0)} s after its last byte (looked for every ${volume.everyMs / 1000} s), ${context.form === 'full' ? `${volume.eventsOfLooks} event told of the looks that failed while it was copied; ` : ''}${deleted.deleted} of ${deleted.deleted} expired objects deleted, ${deleted.kept} of ${deleted.kept} others kept`,
    };
  },
};

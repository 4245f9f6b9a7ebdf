import { systemCode } from '../../platform/object-store/file.ts';
import type { Span } from './record-buffer.ts';
import { isDiskFull } from './segment-disk.ts';
import type { SegmentDisk } from './segment-disk.ts';
import { parseSegmentFile, segmentFile } from './segment-name.ts';
import type { SegmentName } from './segment-name.ts';

/** Why records are lost: a closed word, the same in logs and metrics. */
export type DropReason = 'BufferFull' | 'OldestDropped' | 'DiskFull' | 'DiskFailed' | 'Unreadable' | 'Closed' | 'Defect';

/** Is told what becomes of records. */
export type JournalEvents = Readonly<{
  dropped: (reason: DropReason, rows: number) => void;
  written: (rows: number) => void;
  shipped: (rows: number) => void;
  /** A segment ended in half a line: its writer was killed while it wrote. */
  torn: () => void;
}>;

/** How large a segment gets, and all of them together, in bytes. */
export type SegmentLimits = Readonly<{ segmentBytes: number; totalBytes: number }>;

type Segment = { readonly name: SegmentName; readonly file: string; sizeBytes: number; rows: number | undefined; shipping: boolean; sent: boolean };

/** Writes a segment's lines to the store, and throws where it does not have them. */
export type SegmentSender = (segment: SegmentName, lines: Buffer) => Promise<void>;

const LINE_FEED = 0x0a;

/**
 * The segments on a pod's volume: one is written to, closed ones wait until the store has them, oldest first. Where room ends, the oldest
 * closed one goes. Whatever a container leaves behind, the next one of the pod takes over.
 */
export class Segments {
  readonly #disk: SegmentDisk;
  readonly #limits: SegmentLimits;
  readonly #events: JournalEvents;
  readonly #writer: string;
  #closed: Segment[] = [];
  #open: Segment | undefined;
  #sequence = 0;

  private constructor(disk: SegmentDisk, limits: SegmentLimits, events: JournalEvents, writer: string) {
    this.#disk = disk;
    this.#limits = limits;
    this.#events = events;
    this.#writer = writer;
  }

  /**
   * @param writer never used before in this folder
   * @throws the error of the file system where the folder cannot be used
   */
  static async open(disk: SegmentDisk, limits: SegmentLimits, events: JournalEvents, writer: string): Promise<Segments> {
    const segments = new Segments(disk, limits, events, writer);
    const found = (await disk.list()).toSorted((a, b) => a.modifiedMs - b.modifiedMs || (a.name < b.name ? -1 : 1));
    segments.#closed = found.flatMap(({ name: file, sizeBytes }): readonly Segment[] => {
      const name = parseSegmentFile(file);
      return name === undefined ? [] : [{ name, file, sizeBytes, rows: undefined, shipping: false, sent: false }];
    });
    return segments;
  }

  /** Segments on the disk, the one that is written to included, and their bytes. */
  get waiting(): Readonly<{ segments: number; sizeBytes: number }> {
    const all = this.#open === undefined ? this.#closed : [...this.#closed, this.#open];
    return { segments: all.length, sizeBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  }

  /** Appends lines, which count as dropped where that cannot be. Not to be called again before it is done. */
  async append({ hourMs, bytes, rows }: Span): Promise<void> {
    while (this.waiting.sizeBytes + bytes.length > this.#limits.totalBytes && (await this.#dropOldest())) continue;
    for (;;) {
      const segment = this.#segmentFor(hourMs);
      try {
        await this.#disk.append(segment.file, bytes);
        segment.sizeBytes += bytes.length;
        segment.rows = (segment.rows ?? 0) + rows;
        this.#events.written(rows);
        return;
      } catch (thrown) {
        await this.#cutBack(segment);
        if (isDiskFull(thrown) && (await this.#dropOldest())) continue;
        this.#events.dropped(isDiskFull(thrown) ? 'DiskFull' : 'DiskFailed', rows);
        return;
      }
    }
  }

  /** Closes the segment that is written to. Not while `append` is under way. */
  close(): void {
    if (this.#open !== undefined && this.#open.sizeBytes > 0) this.#closed.push(this.#open);
    this.#open = undefined;
  }

  /**
   * Sends what is closed, oldest first, and removes what was sent.
   * @throws what `send` threw: the rest waits; the error of the file system for a segment that cannot be read now, once the others are sent
   */
  async ship(send: SegmentSender): Promise<void> {
    const unread: unknown[] = [];
    for (const segment of this.#closed.slice()) {
      if (!this.#closed.includes(segment)) continue;
      segment.shipping = true;
      try {
        if (!segment.sent) {
          const content = await this.#read(segment, unread);
          if (content === undefined) continue;
          await this.#send(segment, content, send);
        }
        await this.#forget(segment);
      } finally {
        segment.shipping = false;
      }
    }
    if (unread.length > 0) throw unread[0];
  }

  async #send(segment: Segment, content: Buffer, send: SegmentSender): Promise<void> {
    const lines = content.subarray(0, content.lastIndexOf(LINE_FEED) + 1);
    if (lines.length > 0) await send(segment.name, lines);
    segment.sent = true;
    if (lines.length < content.length) this.#events.torn();
    this.#events.shipped(segment.rows ?? countLines(lines));
  }

  /** Undefined where it cannot be read: now, which is added to `unread`, or ever, since somebody emptied the folder. */
  async #read(segment: Segment, unread: unknown[]): Promise<Buffer | undefined> {
    try {
      return await this.#disk.read(segment.file);
    } catch (thrown) {
      if (systemCode(thrown) !== 'ENOENT') unread.push(thrown);
      else {
        this.#closed = this.#closed.filter((each) => each !== segment);
        this.#events.dropped('Unreadable', segment.rows ?? 0);
      }
      return undefined;
    }
  }

  /** A segment that was sent and cannot be removed is removed the next time, not sent again. */
  async #forget(segment: Segment): Promise<void> {
    try {
      await this.#disk.remove(segment.file);
    } catch {
      return;
    }
    this.#closed = this.#closed.filter((each) => each !== segment);
  }

  /** Makes room. False where there is nothing to drop, or it cannot be removed; what is being sent is not dropped. */
  async #dropOldest(): Promise<boolean> {
    const oldest = this.#closed.find(({ shipping }) => !shipping);
    if (oldest === undefined) return false;
    this.#closed = this.#closed.filter((each) => each !== oldest);
    const rows = oldest.sent ? 0 : (oldest.rows ?? (await this.#rowsOf(oldest)));
    try {
      await this.#disk.remove(oldest.file);
    } catch {
      this.#closed.unshift(oldest);
      return false;
    }
    this.#events.dropped('OldestDropped', rows);
    return true;
  }

  async #rowsOf(segment: Segment): Promise<number> {
    try {
      return countLines(await this.#disk.read(segment.file));
    } catch {
      return 0;
    }
  }

  #segmentFor(hourMs: number): Segment {
    if (this.#open !== undefined && (this.#open.name.hourMs !== hourMs || this.#open.sizeBytes >= this.#limits.segmentBytes)) this.close();
    if (this.#open === undefined) {
      this.#sequence += 1;
      const name: SegmentName = { hourMs, writer: this.#writer, sequence: this.#sequence };
      this.#open = { name, file: segmentFile(name), sizeBytes: 0, rows: 0, shipping: false, sent: false };
    }
    return this.#open;
  }

  /** Takes back what a failed append left. Where that fails too, nothing more is written behind it: half a line may only be the last one. */
  async #cutBack(segment: Segment): Promise<void> {
    try {
      if (segment.sizeBytes === 0) await this.#disk.remove(segment.file);
      else await this.#disk.truncate(segment.file, segment.sizeBytes);
    } catch {
      this.#closed.push(segment);
      this.#open = undefined;
    }
  }
}

function countLines(content: Uint8Array): number {
  let lines = 0;
  for (const byte of content) if (byte === LINE_FEED) lines += 1;
  return lines;
}

/** Record batches of format 2: the face of this room. */
export * from "./control.ts";
export * from "./decode.ts";
export * from "./encode.ts";
export * from "./errors.ts";
export * from "./header.ts";
export * from "./legacy.ts";

/** The platform seam in plain JavaScript: runs anywhere, knows no compression and no RE2. */
import { type CompressionCodec, CompressionError, type Platform } from "./platform.ts";
import { crc32c } from "./records/crc.ts";
import { plainUtf8 } from "./utf8.ts";

function refuse(codec: CompressionCodec): never {
  throw new CompressionError(`${codec}: there is no compression on the plain platform`);
}

function refuseToMatch(): never {
  throw new Error("there are no RE2 expressions on the plain platform");
}

/** A platform of plain JavaScript: it runs everywhere, and can neither compress nor match. */
export const plainPlatform: Platform = {
  ...plainUtf8,
  crc32c,
  compress: refuse,
  decompress: refuse,
  fullMatcher: refuseToMatch,
};

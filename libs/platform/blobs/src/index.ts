export type { BlobLinks, OpenUpload } from './blob-links.js';
export { BLOB_IN_MEMORY_BYTES_MAX, BLOB_SIZE_BYTES_MAX, type BlobInfo, type BlobSource, type BlobStore, type PutOptions } from './blob-store.js';
export { BLOB_LINKS_CONTRACT, BLOB_STORE_CONTRACT, type LinksUnderTest, type StoreUnderTest } from './contract.js';
export { DirectoryBlobStore } from './directory-blob-store.js';
export { LocalBlobCache, type LocalBlobCacheOptions } from './local-blob-cache.js';
export { LoopbackBlobLinks } from './loopback-blob-links.js';
export { MemoryBlobStore } from './memory-blob-store.js';
export { S3BlobStore, type Swept } from './s3/s3-blob-store.js';
export type { S3Config } from './s3/s3-bucket.js';

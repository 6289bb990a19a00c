export { BLOB_IN_MEMORY_BYTES_MAX, BLOB_SIZE_BYTES_MAX, type BlobInfo, type BlobSource, type BlobStore, type PutOptions } from './blob-store.js';
export { BLOB_STORE_CONTRACT, type StoreUnderTest } from './contract.js';
export { DirectoryBlobStore } from './directory-blob-store.js';
export { MemoryBlobStore } from './memory-blob-store.js';

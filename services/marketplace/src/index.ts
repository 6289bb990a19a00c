export { type MarketplaceOptions, marketplaceService } from './marketplace.module.js';

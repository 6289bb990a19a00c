export { nativeIsHere } from './native-here.js';
export { WatchedNative } from './watched-native.js';

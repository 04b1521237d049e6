/** The version of the package; the build and a test hold it to package.json's. */
export const version = "0.1.0";

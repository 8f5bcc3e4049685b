/// What this build is.
package enum BuildInformation {
    /// Semantic version.
    package static let version = "0.1.0"
}

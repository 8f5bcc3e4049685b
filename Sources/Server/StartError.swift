/// Why the server, or a command on its data directory, cannot do its work.
package struct StartError: Error, Sendable, Hashable {
    /// What kind of trouble; decides the exit code.
    package enum Reason: Sendable, Hashable {
        case configuration, dataDirectory, storeLocked, storeNewer, storeDamaged, portInUse, noPermission, other
    }

    package let reason: Reason
    /// What is wrong and what to do about it.
    package let sentence: String

    package init(_ reason: Reason, _ sentence: String) {
        self.reason = reason
        self.sentence = sentence
    }
}

internal import Primitives
internal import ServiceKit

/// Why the server, or a command on its data directory, cannot do its work.
package struct StartError: Error, Sendable, Equatable {
    /// The category of the failure; decides the exit code.
    package enum Reason: Sendable, Hashable {
        /// `usage`: an argument of a command is wrong. `configuration`: a setting is wrong, wherever it was given.
        case usage, configuration, dataDirectory, storeLocked, storeNewer, storeDamaged, storeUnreachable, serverSilent,
            portInUse, noPermission, noSource, other
    }

    package let reason: Reason
    /// What is wrong, and how to mend it.
    package let sentence: String

    package init(_ reason: Reason, _ sentence: String) {
        self.reason = reason
        self.sentence = sentence
    }

    /// A command names a key that does not exist.
    package static func noKey(_ accessKeyID: String) -> StartError {
        StartError(
            .noSource, "there is no access key \(accessKeyID); `brume keys list` lists the keys")
    }

    /// The file of keys cannot be read.
    init(_ error: AccessKeyFileError) {
        switch error {
        case .file(let error): self.init(unusable: error)
        case .unreadable, .tooManyKeys: self.init(.storeDamaged, error.sentence)
        }
    }

    /// The file of policies cannot be read or written.
    init(_ error: UserPolicyFileError) {
        switch error {
        case .file(let error): self.init(unusable: error)
        case .unreadable: self.init(.storeDamaged, error.sentence)
        case .tooLarge: self.init(.configuration, error.sentence)
        }
    }

    init(_ error: IdentityFileError) {
        switch error {
        case .keys(let error): self.init(error)
        case .policies(let error): self.init(error)
        }
    }

    /// The data directory of a command is unusable.
    init(unusable error: FileError) {
        if error.isNoSpace {
            self.init(
                .dataDirectory,
                "the disk of the data directory is full: \(error.sentence). Make some room and start again; for reads "
                    + "alone one MiB is enough.")
            return
        }
        if case .unusable = error {
            self.init(.storeDamaged, "\(error.sentence). Restore it from a backup.")
            return
        }
        self.init(
            .dataDirectory, "the data directory cannot be used: \(error.sentence). Name another with --data-dir.")
    }
}

internal import DynamoDBValues
internal import KeyValue
internal import Primitives

/// A stream as recorded in the catalogue.
struct StoredStream: Sendable, Equatable {
    /// The commit that disabled it or deleted its table.
    struct End: Sendable, Equatable {
        let version: CommitVersion
        let time: Timestamp
    }

    let name: StreamNotes.Name
    let tableNumber: UInt64
    let viewType: String
    let schema: KeySchema
    /// When it was requested, as in its label.
    let creation: Timestamp
    /// The commit that enabled it: only changes after it belong to the stream.
    let since: CommitVersion
    /// The time of that commit.
    let start: Timestamp
    /// nil while it is enabled.
    let end: End?

    var log: LogID { LogID(self.tableNumber) }

    /// - Returns: nil when the record is damaged.
    init?(_ name: StreamNotes.Name, note: Versioned, end: Versioned?) {
        guard let record = StreamNotes.decode(note.value) else { return nil }
        self.name = name
        self.tableNumber = record.tableNumber
        self.viewType = record.viewType
        self.schema = record.schema
        self.creation = record.creation
        self.since = note.version
        self.start = note.time
        self.end = end.map { End(version: $0.version, time: $0.time) }
    }

    /// Whether it ended so long ago that all its records are trimmed.
    func isGone(at now: Timestamp) -> Bool {
        self.end.map { $0.time < now.streamHorizon } ?? false
    }
}

extension Timestamp {
    /// Records from before this time are trimmed.
    var streamHorizon: Timestamp { self.advanced(byMilliseconds: -TableStream.keptMilliseconds) }
}

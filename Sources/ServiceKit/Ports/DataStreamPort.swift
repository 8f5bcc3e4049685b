package import Primitives

/// A record for a Kinesis data stream.
package struct DataStreamRecord: Sendable, Equatable {
    /// Selects the shard: records with the same key keep their order.
    package let partitionKey: String
    package let data: [UInt8]

    package init(partitionKey: String, data: [UInt8]) {
        self.partitionKey = partitionKey
        self.data = data
    }
}

/// Why records could not be put into a stream.
package enum DataStreamError: Error, Sendable, Equatable {
    /// The stream does not exist.
    case absent
    /// The reason is for the operator.
    case unavailable(String)
}

/// Data streams of Kinesis by their ARN: where tables send their changes.
package protocol DataStreamPort: Sendable {
    /// Whether the stream exists.
    func hasStream(_ stream: ARN) async -> Bool
    /// Appends records in order. A caller that gets no answer tries again, so a record may appear twice (at least
    /// once).
    func put(_ records: [DataStreamRecord], in stream: ARN) async throws(DataStreamError)
}

/// No data streams at all: for a service without this port.
package struct NoDataStreams: DataStreamPort {
    package init() {}

    package func hasStream(_ stream: ARN) async -> Bool { false }

    package func put(_ records: [DataStreamRecord], in stream: ARN) async throws(DataStreamError) {
        throw .absent
    }
}

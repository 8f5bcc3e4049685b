package import Primitives

/// What goes into a data stream of Kinesis.
package struct DataStreamRecord: Sendable, Hashable {
    /// Decides the shard: records of one key keep their order.
    package let partitionKey: String
    package let data: [UInt8]

    package init(partitionKey: String, data: [UInt8]) {
        self.partitionKey = partitionKey
        self.data = data
    }
}

/// Why records did not go into a stream.
package enum DataStreamError: Error, Sendable, Hashable {
    /// There is no such stream.
    case absent
    /// The reason is for the operator.
    case unavailable(String)
}

/// Data streams of Kinesis by their ARN: where tables send their changes.
package protocol DataStreamPort: Sendable {
    /// Whether there is such a stream.
    func hasStream(_ stream: ARN) async -> Bool
    /// Appends records in their order; whoever gets no answer puts them again, so a record can be there twice.
    func put(_ records: [DataStreamRecord], in stream: ARN) async throws(DataStreamError)
}

/// No data streams: for a service that is given none.
package struct NoDataStreams: DataStreamPort {
    package init() {}

    package func hasStream(_ stream: ARN) async -> Bool { false }

    package func put(_ records: [DataStreamRecord], in stream: ARN) async throws(DataStreamError) {
        throw .absent
    }
}

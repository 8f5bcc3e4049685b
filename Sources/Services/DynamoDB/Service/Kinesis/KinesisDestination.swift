internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// A Kinesis data stream as the destination of a table's changes.
struct KinesisDestination: Sendable, Equatable {
    /// The largest number of destinations of one table: the active one, and failed or disabled ones, the oldest of
    /// which are dropped first.
    static let countMax = 100

    /// The status of a destination.
    enum State: Sendable, Equatable {
        case active
        case disabled
        /// The reason, in AWS's words.
        case failed(String)
    }

    let streamARN: String
    var state: State
    /// `MICROSECOND` or `MILLISECOND`, if it was requested; otherwise AWS shows none, and uses milliseconds.
    var precision: String?

    /// The state of a destination after AWS's check of the stream.
    ///
    /// DEVIATION: there is no Kinesis here that could say whether a stream exists, so every ARN that can be one of this
    /// account and region becomes active; records wait for up to a day until the port has the stream.
    init(_ streamARN: String, precision: String?, _ context: RequestContext) {
        self.streamARN = streamARN
        self.precision = precision
        self.state = Self.state(streamARN, context)
    }

    private init(streamARN: String, state: State, precision: String?) {
        self.streamARN = streamARN
        self.state = state
        self.precision = precision
    }

    /// - Source: descriptions recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    private static func state(_ text: String, _ context: RequestContext) -> State {
        guard let arn = ARN(text), arn.service == "kinesis", arn.resource.hasPrefix("stream/"),
            arn.resource.split(separator: "/", omittingEmptySubsequences: false).count == 2
        else { return .failed("User does not have a permission to use kinesis stream") }
        guard arn.region == context.region.description, arn.partition == context.region.partition else {
            return .failed(
                "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current "
                    + "region"
            )
        }
        guard arn.account == context.account.description else {
            return .failed(
                "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in Active state"
            )
        }
        return .active
    }

    var status: DestinationStatus {
        switch self.state {
        case .active: .active
        case .disabled: .disabled
        case .failed: .enableFailed
        }
    }

    var description: KinesisDataStreamDestination {
        var failure: String?
        if case .failed(let reason) = self.state { failure = reason }
        return KinesisDataStreamDestination(
            streamARN: self.streamARN,
            destinationStatus: self.status,
            destinationStatusDescription: failure,
            approximateCreationDateTimePrecision: self.precision.map {
                ApproximateCreationDateTimePrecision(rawValue: $0)
            }
        )
    }
}

extension KinesisDestination {
    /// `[stream ARN, "ACTIVE" or "DISABLED" or the reason of the failure, precision or ""]`
    var record: AttributeValue {
        let state =
            switch self.state {
            case .active: "ACTIVE"
            case .disabled: "DISABLED"
            case .failed(let reason): reason
            }
        return .l([.s(self.streamARN), .s(state), .s(self.precision ?? "")])
    }

    init?(record: AttributeValue) {
        guard case .l(let parts) = record, parts.count == 3, case .s(let streamARN) = parts[0],
            case .s(let state) = parts[1], case .s(let precision) = parts[2]
        else { return nil }
        self.init(
            streamARN: streamARN,
            state: state == "ACTIVE" ? .active : state == "DISABLED" ? .disabled : .failed(state),
            precision: precision.isEmpty ? nil : precision
        )
    }
}

extension [KinesisDestination] {
    /// The enabled destination; a table has at most one.
    var active: KinesisDestination? { self.first { $0.state == .active } }

    /// Inserts a destination at the front, replacing that of the same stream.
    mutating func enable(_ destination: KinesisDestination) {
        self.removeAll { $0.streamARN == destination.streamARN }
        self.insert(destination, at: 0)
        if self.count > KinesisDestination.countMax { self.removeLast() }
    }
}

extension ServiceError {
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes; never
    ///   ResourceNotFoundException, though the model has it, and never ResourceInUseException.
    static func destinationState(_ reason: String) -> ServiceError {
        .validation("Table is not in a valid state to enable Kinesis Streaming Destination: \(reason)")
    }
}

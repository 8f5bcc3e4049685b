internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// Parses the input by the operation's schema in the request's protocol.
///
/// A body that cannot be parsed is reported before constraints; of constraints, all violations are reported in one
/// answer, as in most of AWS's operations.
struct Decode: Sendable {
    /// The request without its content encoding.
    func inflated(
        _ request: InboundRequest, _ service: ServiceEntry, _ operation: OperationEntry, _ codec: any ServerProtocol
    ) throws(ServiceError) -> InboundRequest {
        var inbound = request
        do throws(ShapeError) {
            try ContentEncoding.undo(
                in: &inbound, for: operation.binding.schema, bytesMax: service.registration.bodyBytesMax)
        } catch {
            throw codec.serviceError(for: error, in: service.schema)
        }
        return inbound
    }

    /// The input of a request that has no content encoding any more.
    func callAsFunction(
        _ inbound: InboundRequest, _ service: ServiceEntry, _ operation: OperationEntry, _ codec: any ServerProtocol
    ) throws(ServiceError) -> any DecodedInput {
        let input: any DecodedInput
        let violations: [ConstraintViolation]
        do throws(ShapeError) {
            let wire = try codec.reader(for: operation.binding.schema, in: service.schema, request: inbound)
            let reader = ShapeReader(wire)
            input = try operation.binding.decode(reader)
            try wire.finish()
            violations = ConstraintViolation.told(reader.violations, in: operation.binding.schema.input)
        } catch {
            throw codec.serviceError(for: error, in: service.schema)
        }
        guard violations.isEmpty else {
            if let sentence = Self.ownSentence(violations, of: service) {
                throw ServiceError(code: "ValidationException", message: sentence)
            }
            throw codec.serviceError(for: Self.told(violations, of: operation, service), in: service.schema)
        }
        return input
    }

    /// The service's own sentence for an unknown enumeration value, if that is the only violation.
    private static func ownSentence(_ violations: [ConstraintViolation], of service: ServiceEntry) -> String? {
        guard violations.count == 1, case .enumeration = violations[0].demand,
            case .member(let name)? = violations[0].path.last
        else { return nil }
        return service.registration.enumerationSentences[name]
    }

    /// The violations to report: all, those of a member that takes precedence, or only that of the first member in the
    /// model's order.
    private static func told(
        _ violations: [ConstraintViolation], of operation: OperationEntry, _ service: ServiceEntry
    ) -> [ConstraintViolation] {
        let schema = operation.binding.schema
        guard violations.count > 1 else { return violations }
        if let foremost = service.registration.foremostMembers[schema.name] {
            let own = violations.filter { $0.path.first == .member(foremost) }
            return own.isEmpty ? violations : own
        }
        guard service.registration.singleViolationOperations.contains(schema.name) else { return violations }
        let names = schema.input.members.map(\.name)
        let first = violations.min { Self.place($0, names) < Self.place($1, names) }
        return first.map { [$0] } ?? violations
    }

    private static func place(_ violation: ConstraintViolation, _ names: [String]) -> Int {
        guard case .member(let name)? = violation.path.first else { return 0 }
        return names.firstIndex(of: name) ?? names.count
    }
}

import Primitives
import ServiceModel
import WireProtocols

/// Runs the cases of one file against the protocol of its service.
struct ConformanceRunner {
    /// What came of one kind of cases.
    struct Tally: Sendable {
        var ran = 0
        var excepted = 0
        var failures: [String] = []

        var summary: String { self.failures.joined(separator: "\n") }
    }

    private let file: CaseFile
    private let model: SmithyModel
    private let wire: (any ServerProtocol)?
    private let routes: RouteTable
    private let isExcepted: Bool
    private static let requestID = RequestID("00000000-0000-4000-8000-000000000000")

    init(_ file: CaseFile) {
        self.file = file
        self.model = SmithyModel(file)
        let names = (file.content["service"]?["protocols"]?.array ?? []).compactMap(\.string)
        self.isExcepted = names.contains { ConformanceExceptions.protocols[$0] != nil }
        let model = self.model
        self.wire = model.service.protocols.first.flatMap { ConformedProtocols.make($0, model) }
        self.routes = RouteTable(
            model.service.operations.map { .init(method: $0.method, template: URITemplate($0.uri)) })
    }

    func requests(except exceptions: [String: String] = ConformanceExceptions.requests) -> Tally {
        self.tally("requestCases", exceptions, self.checkRequest)
    }

    func responses(except exceptions: [String: String] = ConformanceExceptions.responses) -> Tally {
        self.tally("responseCases", exceptions, self.checkResponse)
    }

    func malformed() -> Tally {
        self.tally("malformedRequestCases", ConformanceExceptions.malformed, self.checkMalformed)
    }

    private func tally(
        _ list: String, _ exceptions: [String: String], _ check: (CaseJSON, any ServerProtocol) -> String?
    ) -> Tally {
        var tally = Tally()
        for item in self.file.serverCases(list) {
            let id = item["id"]?.string ?? "?"
            guard !self.isExcepted else {
                tally.excepted += 1
                continue
            }
            guard let wire = self.wire else {
                tally.failures.append("\(id): its protocol is not there")
                continue
            }
            let failure = check(item, wire)
            if exceptions[id] != nil {
                tally.excepted += 1
                if failure == nil { tally.failures.append("\(id): is excepted but passes") }
            } else {
                tally.ran += 1
                if let failure { tally.failures.append("\(id): \(failure)") }
            }
        }
        return tally
    }

    /// Reads a request; nil when it says what `params` say.
    private func checkRequest(_ item: CaseJSON, _ wire: any ServerProtocol) -> String? {
        guard let operation = self.model.operation(item["operation"]?.string ?? "") else { return "no operation" }
        do throws(ShapeError) {
            let request = try self.inbound(item, operation, wire, addsContentType: true)
            let (value, violations) = try Self.read(wire, operation, self.model.service, request)
            guard violations.isEmpty else { return "violations: \(violations)" }
            let expected = DynamicValue.parse(item["params"] ?? .object([:]), operation.input)
            return value == expected ? nil : "expected \(expected), got \(value)"
        } catch {
            return "refused: \(error)"
        }
    }

    /// Reads an input as the gateway does.
    static func read(
        _ wire: any ServerProtocol, _ operation: OperationSchema, _ service: ServiceSchema, _ request: InboundRequest
    ) throws(ShapeError) -> (DynamicValue, [ConstraintViolation]) {
        let reader = ShapeReader(try wire.reader(for: operation, in: service, request: request))
        let value = try DynamicValue.readStructure(reader, operation.input)
        try reader.wire.finish()
        return (value, reader.violations)
    }

    /// The request of a case; the operation must be the one that the server recognises.
    private func inbound(
        _ item: CaseJSON, _ operation: OperationSchema, _ wire: any ServerProtocol, addsContentType: Bool
    ) throws(ShapeError) -> InboundRequest {
        var headers = HeaderFields()
        for (name, value) in (item["headers"]?.strings ?? [:]).sorted(by: { $0.key < $1.key }) {
            headers.append(name, value)
        }
        let mediaType = item["bodyMediaType"]?.string
        var target = item["uri"]?.string ?? "/"
        let query = (item["queryParams"]?.array ?? []).compactMap(\.string).joined(separator: "&")
        if !query.isEmpty { target += (target.contains("?") ? "&" : "?") + query }
        let text = item["body"]?.string ?? ""
        let body = wire.name == .rpcv2Cbor ? Base64.decode(Array(text.utf8)) ?? [] : Array(text.utf8)
        if addsContentType, !body.isEmpty, let mediaType, !headers.contains("Content-Type") {
            headers.append("Content-Type", mediaType)
        }
        let head = RequestHead(method: item["method"]?.string ?? "POST", target: target, headers: headers)
        var request = InboundRequest(head: head, body: body)
        if wire.name == .restJson1 || wire.name == .restXml {
            request.head = Self.pathStyle(request.head, item, operation)
            guard let match = self.routes.match(request.head) else { throw .malformed("no route for \(target)") }
            let found = self.model.service.operations[match.index].name
            guard found == operation.name else { throw .malformed("the path is \(found)'s") }
            request.labels = match.labels
        }
        return request
    }

    /// S3's cases name the bucket in the host; the gateway moves it to the path.
    private static func pathStyle(_ head: RequestHead, _ item: CaseJSON, _ operation: OperationSchema) -> RequestHead {
        guard operation.uri.hasPrefix("/{Bucket}"), let host = item["resolvedHost"]?.string ?? item["host"]?.string,
            let bucket = item["params"]?["Bucket"]?.string, host.hasPrefix("\(bucket).")
        else { return head }
        var head = head
        head.path = "/\(bucket)" + (head.path == "/" ? "" : head.path)
        return head
    }

    private func checkResponse(_ item: CaseJSON, _ wire: any ServerProtocol) -> String? {
        guard let operation = self.model.operation(item["operation"]?.string ?? "") else { return "no operation" }
        let params = item["params"] ?? .object([:])
        let message: ResponseMessage
        if let id = item["error"]?.string {
            guard let schema = self.model.shape(id) else { return "no error \(id)" }
            let error = ServiceError(
                code: schema.name,
                status: item["code"]?.int ?? 400,
                message: params["message"]?.string ?? params["Message"]?.string ?? "",
                queryCode: schema.traits.error?.queryCode,
                detail: DynamicShape(own: schema, value: DynamicValue.parse(params, schema))
            )
            message = wire.response(
                error: error, for: operation, in: self.model.service,
                exchange: Exchange(requestID: Self.requestID, isQueryMode: true))
        } else {
            let value = DynamicValue.parse(params, operation.output)
            message = wire.response(
                output: DynamicShape(own: operation.output, value: value), for: operation, in: self.model.service,
                exchange: Exchange(requestID: Self.requestID(item)))
        }
        return Self.difference(item, message)
    }

    /// The id that the case expects; ours where it does not care.
    private static func requestID(_ item: CaseJSON) -> RequestID {
        let header = (item["headers"]?.strings ?? [:]).first { $0.key.lowercased() == "x-amzn-requestid" }
        return header.map { RequestID($0.value) } ?? self.requestID
    }

    /// What in a response is not as the case says.
    private static func difference(_ item: CaseJSON, _ message: ResponseMessage) -> String? {
        if let code = item["code"]?.int, code != message.status { return "status \(message.status), not \(code)" }
        for (name, value) in item["headers"]?.strings ?? [:] where name.lowercased() != "content-length" {
            let found = message.headers.first(name)
            guard found == value else { return "header \(name): \(found ?? "none"), not \(value)" }
        }
        for name in (item["forbidHeaders"]?.array ?? []).compactMap(\.string) where message.headers.contains(name) {
            return "header \(name) is there"
        }
        for name in (item["requireHeaders"]?.array ?? []).compactMap(\.string)
        where !message.headers.contains(name) && name.lowercased() != "content-length" {
            return "header \(name) is missing"
        }
        guard let expected = item["body"]?.string else { return nil }
        return ConformedProtocols.difference(
            item["bodyMediaType"]?.string, expected: expected, actual: message.body)
    }

    private func checkMalformed(_ item: CaseJSON, _ wire: any ServerProtocol) -> String? {
        guard let operation = self.model.operation(item["operation"]?.string ?? "") else { return "no operation" }
        guard let request = item["request"], let expected = item["response"] else { return "no request" }
        let failure: ServiceError
        do throws(ShapeError) {
            let inbound = try self.inbound(request, operation, wire, addsContentType: false)
            let (value, violations) = try Self.read(wire, operation, self.model.service, inbound)
            guard !violations.isEmpty else { return "accepted as \(value)" }
            failure = wire.serviceError(for: violations, in: self.model.service)
        } catch {
            failure = wire.serviceError(for: error, in: self.model.service)
        }
        let message = wire.response(
            error: failure, for: operation, in: self.model.service, exchange: Exchange(requestID: Self.requestID))
        if let difference = Self.difference(expected, message) { return difference }
        return Self.assertionFailure(expected["body"], message.body)
    }

    private static func assertionFailure(_ body: CaseJSON?, _ actual: [UInt8]) -> String? {
        guard let assertion = body?["assertion"] else { return nil }
        if let contents = assertion["contents"]?.string {
            // Smithy writes `$` twice where a case has parameters.
            let expected = contents.replacing("$$", with: "$")
            return ConformedProtocols.difference(body?["mediaType"]?.string, expected: expected, actual: actual)
        }
        guard let pattern = assertion["messageRegex"]?.string, let regex = try? Regex(pattern) else {
            return "an assertion of an unknown kind"
        }
        let message = (try? CaseJSON.parse(actual))?["message"]?.string ?? ""
        return (try? regex.wholeMatch(in: message)) == nil ? "message \(message)" : nil
    }
}

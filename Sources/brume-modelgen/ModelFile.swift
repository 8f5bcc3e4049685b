internal import Foundation

/// `Models/<service>.json` as `Scripts/import-model` writes it: botocore's facts, members in order, no prose.
struct ModelFile: Decodable {
    struct Metadata: Decodable {
        var apiVersion: String
        var endpointPrefix: String
        var jsonVersion: String?
        var `protocol`: String
        var protocols: [String]?
        var serviceId: String
        var signingName: String?
        var targetPrefix: String?
        var xmlNamespace: String?
        var awsQueryCompatible: Empty?
    }

    struct Empty: Decodable {}

    struct HTTP: Decodable {
        var method: String?
        var requestUri: String?
        var responseCode: Int?
    }

    struct Reference: Decodable {
        var name: String?
        var shape: String
        var location: String?
        var locationName: String?
        var queryName: String?
        var xmlAttribute: Bool?
        var xmlNamespace: Namespace?
        var flattened: Bool?
        var timestampFormat: String?
        var streaming: Bool?
        var idempotencyToken: Bool?
        var hostLabel: Bool?
        var eventheader: Bool?
        var eventpayload: Bool?
        var sensitive: Bool?
        var resultWrapper: String?
        /// Bounds of a string here, in place of all that the shape demands; from a correction.
        var length: ClosedRange<Double>?
    }

    struct Namespace: Decodable {
        var uri: String
        var prefix: String?

        init(from decoder: any Decoder) throws {
            if let uri = try? decoder.singleValueContainer().decode(String.self) {
                self.uri = uri
                return
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.uri = try container.decode(String.self, forKey: .uri)
            self.prefix = try container.decodeIfPresent(String.self, forKey: .prefix)
        }

        enum CodingKeys: String, CodingKey {
            case uri, prefix
        }
    }

    struct ErrorFacts: Decodable {
        var code: String?
        var httpStatusCode: Int?
    }

    struct Shape: Decodable {
        var name: String
        var type: String
        var `enum`: [String]?
        var min: Double?
        var max: Double?
        var pattern: String?
        var required: [String]?
        var exception: Bool?
        var fault: Bool?
        var error: ErrorFacts?
        var sensitive: Bool?
        var streaming: Bool?
        var event: Bool?
        var eventstream: Bool?
        var document: Bool?
        var union: Bool?
        var flattened: Bool?
        var locationName: String?
        var xmlNamespace: Namespace?
        var timestampFormat: String?
        var wrapper: Bool?
        var payload: String?
        var sparse: Bool?
        var members: [Reference]?
        var member: Reference?
        var key: Reference?
        var value: Reference?
        /// As in `PatchFile.Correction`, where they come from.
        var told: [String]?
        var lengthFirst: Bool?
        var isExact: Bool?
    }

    struct Operation: Decodable {
        var name: String
        var http: HTTP
        var input: Reference?
        var output: Reference?
        var errors: [String]
        var unsigned: Bool?
        var hostPrefix: String?
    }

    struct Page: Decodable {
        var input_token: Names?
        var output_token: Names?
        var limit_key: String?
        var result_key: Names?
    }

    /// A name, or several.
    struct Names: Decodable {
        var all: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let one = try? container.decode(String.self) {
                self.all = [one]
            } else {
                self.all = try container.decode([String].self)
            }
        }
    }

    var source: String
    var service: String
    var metadata: Metadata
    var operations: [Operation]
    var shapes: [Shape]
    var paginators: [String: Page]
}

/// `Models/<service>.patch.json`: corrections of the model, each with its reason.
struct PatchFile: Decodable {
    /// A shape that a hand-written type stands for.
    struct Binding: Decodable {
        var shapes: [String]
        var type: String
        var module: String
        var reason: String
    }

    /// Facts of a shape that are not as AWS behaves.
    struct Correction: Decodable {
        var shape: String
        /// Members that the service takes as optional though the model requires them.
        var optional: [String]?
        /// Constraints that the service does not check this way.
        var dropConstraints: Bool?
        /// The least length, or value, where the model has none.
        var min: Double?
        /// The member of a structure whose length alone is corrected, by `min`; it keeps the greatest.
        var member: String?
        /// A structure's members in the order in which the service tells what is wrong of them.
        var told: [String]?
        /// Of a text that breaks its length and its pattern, the length is told first.
        var lengthFirst: Bool?
        /// Texts of this shape are the same only if their bytes are: as keys of a map, which is not sparse.
        var isExact: Bool?
        /// The service does not show the value when it refuses it.
        var sensitive: Bool?
        /// An enumeration's values in the order in which the service prints them.
        var values: [String]?
        var reason: String
    }

    /// What the service does that its model does not say.
    struct Quirk: Decodable {
        /// The words that `ServiceQuirks` of ServiceModel explains.
        enum Word: String, Decodable {
            case newParser = "new-parser"
            case checksums
            case coralViolations = "coral-violations"
        }

        var quirk: Word
        var reason: String
    }

    var quirks: [Quirk]?
    var bindings: [Binding]?
    var corrections: [Correction]?
}

internal import ServiceModel
internal import WireProtocols

/// The codec of each wire protocol.
struct ServerProtocols: Sendable {
    // Boxed once rather than for each request.
    private let json1_0: any ServerProtocol = AWSJSONProtocol(.awsJson1_0)
    private let json1_1: any ServerProtocol = AWSJSONProtocol(.awsJson1_1)
    private let restJSON: any ServerProtocol = RestJSONProtocol()
    private let restXML: any ServerProtocol = RestXMLProtocol()
    private let query: any ServerProtocol = AWSQueryProtocol()
    private let ec2: any ServerProtocol = EC2QueryProtocol()
    private let cbor: any ServerProtocol = RPCv2CBORProtocol()

    subscript(name: ProtocolName) -> any ServerProtocol {
        switch name {
        case .awsJson1_0: self.json1_0
        case .awsJson1_1: self.json1_1
        case .restJson1: self.restJSON
        case .restXml: self.restXML
        case .awsQuery: self.query
        case .ec2Query: self.ec2
        case .rpcv2Cbor: self.cbor
        }
    }
}

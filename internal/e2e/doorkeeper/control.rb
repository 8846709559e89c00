# frozen_string_literal: true

# What only a test may do: grants without a browser, and time and an
# administrator's hand on a token. Parameters are form fields.
class ControlController < ActionController::API
  # confidential, scopes, redirect_uri => client_id, client_secret
  def application
    app = Doorkeeper::Application.create!(
      name: "e2e #{SecureRandom.hex(4)}", confidential: params[:confidential] != "false",
      scopes: params[:scopes].presence || "api read_api read_user",
      redirect_uri: params[:redirect_uri].presence || "http://127.0.0.1/callback"
    )
    render json: { client_id: app.uid, client_secret: app.plaintext_secret }, status: :created
  end

  # client_id, username, scopes, expires_in => a pair, as /oauth/token answers
  def grant
    token = Doorkeeper::AccessToken.create_for(
      application: Doorkeeper::Application.by_uid(params[:client_id]), resource_owner: user.id,
      scopes: params[:scopes].presence || "api",
      use_refresh_token: true, expires_in: params[:expires_in].presence&.to_i || Doorkeeper.config.access_token_expires_in
    )
    render json: Doorkeeper::OAuth::TokenResponse.new(token).body, status: :created
  end

  # username: signed in and consenting to every application from now on
  def approve
    User.update_all(approves: false)
    user.update!(approves: true)
    render json: {}
  end

  # token: an access or a refresh token, for the three that follow
  def expire = change { |token| token.update_columns(created_at: Time.now.utc - token.expires_in - 1) }
  def revoke = change(&:revoke)
  def state = change { |token| token }

  def census
    tokens = Doorkeeper::AccessToken
    render json: { issued: tokens.count, revoked: tokens.where.not(revoked_at: nil).count }
  end

  def versions
    render json: { ruby: RUBY_VERSION, rails: Rails.version, doorkeeper: Doorkeeper::VERSION::STRING,
                   rackoauth2: Gem.loaded_specs["rack-oauth2"].version.to_s }
  end

  private

  def user = User.find_or_create_by!(username: params.require(:username))

  def change
    tokens = Doorkeeper::AccessToken
    token = tokens.by_token(params[:token]) || tokens.by_refresh_token(params[:token])
    return head(:not_found) unless token

    yield token
    token.reload
    live = tokens.where(application_id: token.application_id, revoked_at: nil).count
    render json: { expired: token.expired?, revoked: token.revoked?, live: live }
  end
end
